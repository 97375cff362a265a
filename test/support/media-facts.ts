import { execa } from 'execa'
import { z } from 'zod'

const countedSchema = z.object({ streams: z.array(z.object({ nb_read_frames: z.coerce.number() })).min(1) })
const packetsSchema = z.object({
  packets: z.array(z.object({ pts: z.int(), dts: z.int(), flags: z.string() })),
})

/** Frames that really decode, of a file or a URL. */
export async function countFrames(input: string): Promise<number> {
  const { stdout } = await execa('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-select_streams', 'v:0', '-count_frames'],
    ...['-show_entries', 'stream=nb_read_frames', input],
  ])
  return countedSchema.parse(JSON.parse(stdout)).streams[0]?.nb_read_frames ?? 0
}

/** The picture's packets in decoding order. */
export async function readPackets(input: string): Promise<{ pts: number; dts: number; key: boolean }[]> {
  const { stdout } = await execa('ffprobe', [
    ...[
      '-v',
      'error',
      '-of',
      'json',
      '-select_streams',
      'v:0',
      '-show_entries',
      'packet=pts,dts,flags',
      input,
    ],
  ])
  const { packets } = packetsSchema.parse(JSON.parse(stdout))
  return packets.map(({ pts, dts, flags }) => ({ pts, dts, key: flags.includes('K') }))
}
