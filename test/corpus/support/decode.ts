import { execa } from 'execa'
import { z } from 'zod'

const streamsSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      width: z.number().optional(),
      height: z.number().optional(),
      sample_aspect_ratio: z.string().optional(),
      r_frame_rate: z.string().optional(),
      pix_fmt: z.string().optional(),
      color_range: z.string().optional(),
      color_space: z.string().optional(),
      color_transfer: z.string().optional(),
      color_primaries: z.string().optional(),
      nb_read_frames: z.coerce.number().optional(),
    }),
  ),
})
export type Stream = z.infer<typeof streamsSchema>['streams'][number]

/** The first picture stream of a file or URL, every frame of it decoded and counted. */
export async function decodedPicture(input: string): Promise<Stream> {
  const { stdout } = await execa('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-select_streams', 'v:0', '-count_frames', '-show_streams', input],
  ])
  const [stream] = streamsSchema.parse(JSON.parse(stdout)).streams
  if (!stream) throw new Error(`${input} has no picture`)
  return stream
}

/** Mean luma (0 to 255, limited range as coded) of each frame, in a region as `crop` reads it. */
export async function lumaOf(input: string, crop = 'iw:ih:0:0'): Promise<number[]> {
  // As planes, since a conversion to grey would stretch the range. Four of luma, one each of chroma.
  const planes = await rawVideo(input, `crop=${crop},scale=2:2:flags=area,format=yuv420p`)
  const frames = Math.floor(planes.length / 6)
  return Array.from({ length: frames }, (_, n) => mean([...planes.subarray(6 * n, 6 * n + 4)]))
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The colours of the four quarters of a frame near `atS`, row by row, in words. */
export async function quarters(input: string, atS: number): Promise<string> {
  const bytes = await rawVideo(input, 'format=rgb24,scale=2:2:flags=area', [
    '-ss',
    String(atS),
    '-frames:v',
    '1',
  ])
  return [0, 3, 6, 9].map((i) => colourName([...bytes.subarray(i, i + 3)])).join(' ')
}

/** Samples of the sound at 48 kHz, mono, silence before a late start. */
export async function soundOf(input: string, stream = 0): Promise<Float32Array> {
  const { stdout } = await execa(
    'ffmpeg',
    [
      ...['-v', 'error', '-nostdin', '-i', input, '-map', `0:a:${stream}`],
      ...['-af', 'aresample=48000:async=1:first_pts=0', '-ac', '1', '-f', 'f32le', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 512 * 2 ** 20 },
  )
  const bytes = Buffer.from(stdout)
  return new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4))
}

async function rawVideo(input: string, filter: string, before: string[] = []): Promise<Buffer> {
  const seek = before.slice(0, 2)
  const { stdout } = await execa(
    'ffmpeg',
    [
      '-v',
      'error',
      '-nostdin',
      ...seek,
      '-i',
      input,
      '-map',
      '0:v:0',
      '-vf',
      filter,
      ...before.slice(2),
    ].concat([...['-fps_mode', 'passthrough', '-f', 'rawvideo', '-']]),
    { encoding: 'buffer', maxBuffer: 256 * 2 ** 20 },
  )
  return Buffer.from(stdout)
}

function colourName([red = 0, green = 0, blue = 0]: number[]): string {
  const bright = (value: number) => value > 110
  const name = { '100': 'red', '010': 'green', '001': 'blue', '111': 'white', '000': 'black' }
  const key = [red, green, blue].map((value) => (bright(value) ? '1' : '0')).join('')
  return key in name ? name[key as keyof typeof name] : `rgb(${red},${green},${blue})`
}
