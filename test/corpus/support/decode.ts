import { execa } from 'execa'
import { z } from 'zod'

const streamsSchema = z.object({
  streams: z.array(
    z.object({
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

/** The first picture stream of a file or URL that is no cover, every frame of it decoded and counted. */
export async function decodedPicture(input: string): Promise<Stream> {
  const { stdout } = await execa('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-select_streams', 'V:0', '-count_frames', '-show_streams', input],
  ])
  const [stream] = streamsSchema.parse(JSON.parse(stdout)).streams
  if (!stream) throw new Error(`${input} has no picture`)
  return stream
}

/** Seconds at which the key frames of a film are shown; nothing is decoded. */
export async function keyFrameTimes(input: string): Promise<number[]> {
  const { stdout } = await execa('ffprobe', [
    ...['-v', 'error', '-of', 'csv=p=0', '-select_streams', 'V:0'],
    ...['-show_entries', 'packet=pts_time,flags', input],
  ])
  return stdout
    .split('\n')
    .map((line) => line.split(','))
    .filter(([, flags = '']) => flags.startsWith('K'))
    .map(([seconds]) => Number(seconds))
}

/** Mean luma (0 to 255, limited range as coded) of each frame, in a region as `crop` reads it. */
export async function lumaOf(input: string, crop: string): Promise<number[]> {
  // As planes, since a conversion to grey would stretch the range. Four of luma, one each of chroma.
  const planes = await rawVideo(input, `crop=${crop},scale=2:2:flags=area,format=yuv420p`)
  const frames = Math.floor(planes.length / 6)
  return Array.from({ length: frames }, (_, n) => mean([...planes.subarray(6 * n, 6 * n + 4)]))
}

/** Samples of the sound at 48 kHz, mono, silence before a late start. */
export async function soundOf(input: string): Promise<Float32Array> {
  const { stdout } = await execa(
    'ffmpeg',
    [
      ...['-v', 'error', '-nostdin', '-i', input, '-map', '0:a:0'],
      ...['-af', 'aresample=48000:async=1:first_pts=0', '-ac', '1', '-f', 'f32le', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 512 * 2 ** 20 },
  )
  const bytes = Buffer.from(stdout)
  return new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4))
}

/** Every frame of a film as it leaves the filters, one after the other; `output` goes before the format. */
export async function rawVideo(input: string, filter: string, output: string[] = []): Promise<Buffer> {
  const { stdout } = await execa(
    'ffmpeg',
    [
      ...['-v', 'error', '-nostdin', '-i', input, '-map', '0:V:0', '-vf', filter],
      ...['-fps_mode', 'passthrough', ...output, '-f', 'rawvideo', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 256 * 2 ** 20 },
  )
  return Buffer.from(stdout)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
