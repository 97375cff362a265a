import { execa } from 'execa'
import { z } from 'zod'
import { StderrTail, TransientError } from '../../errors.ts'
import { judgeEnding } from '../ffmpeg/ffmpeg-failure.ts'
import { CONFINED, endingOf, launchCommand } from '../ffmpeg/launch.ts'
import { whitelistArgs } from '../whitelist.ts'

const factsSchema = z.object({
  streams: z.tuple([
    z.object({
      codec_name: z.string().default(''),
      width: z.int().default(0),
      height: z.int().default(0),
      sample_aspect_ratio: z.string().default(''),
      color_range: z.string().default(''),
      color_space: z.string().default(''),
      color_transfer: z.string().default(''),
      color_primaries: z.string().default(''),
      sample_rate: z.coerce.number().default(0),
      channels: z.int().default(0),
      nb_read_frames: z.coerce.number().default(0),
    }),
  ]),
})

/** What a decoder says of a piece of a track. */
export type ReadBack = z.infer<typeof factsSchema>['streams'][0] & {
  /** What it complained about; empty for a sound piece. */
  complaints: string
}

type Reading = {
  ffprobePath: string
  /** An init and whole fragments of one track, each of which begins with a sync sample. */
  bytes: Buffer
  /** A scratch directory. */
  cwd: string
  onStart?: (pid: number) => void
  signal: AbortSignal
}

const ENTRIES = Object.keys(factsSchema.shape.streams.def.items[0].shape).join(',')

/**
 * Decodes a piece of one of our own tracks. A piece that is no media file at all has no codec and no
 * frames. Throws as `judgeEnding` tells where the machine was at fault, and the signal's reason.
 */
export async function readBack({ ffprobePath, bytes, cwd, onStart, signal }: Reading): Promise<ReadBack> {
  signal.throwIfAborted()
  const running = execa(...launchCommand(ffprobePath, ARGS, { cwd }), {
    ...CONFINED,
    cwd,
    input: bytes,
    cancelSignal: signal,
  })
  if (running.pid !== undefined) onStart?.(running.pid)
  const { stdout, stderr, ...ended } = await running
  signal.throwIfAborted()
  const byMachine = ended.exitCode === 0 ? null : judgeEnding('ffprobe', endingOf(ended, stderr), stderr)
  if (byMachine) throw byMachine
  const facts = factsSchema.safeParse(ended.exitCode === 0 ? parsed(stdout, stderr) : { streams: [{}] })
  const [stream] = facts.success ? facts.data.streams : factsSchema.parse({ streams: [{}] }).streams
  return { ...stream, complaints: stderr.trim() }
}

const ARGS = [
  ...['-v', 'error', '-of', 'json', '-threads', '1', '-count_frames'],
  ...['-show_entries', `stream=${ENTRIES}`],
  ...whitelistArgs('ffprobe', 'pipe'),
  ...['-i', 'pipe:0'],
]

function parsed(stdout: string, stderr: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    const cause = new StderrTail(stderr)
    throw new TransientError('probe_failed', 'the answer of ffprobe is not what was expected', { cause })
  }
}
