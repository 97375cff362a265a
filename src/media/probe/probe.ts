import { execa } from 'execa'
import { PermanentError, TransientError } from '../../errors.ts'
import { httpInput } from '../argv/input-args.ts'
import { CONFINED, endingOf, launchCommand } from '../ffmpeg/launch.ts'
import type { MediaInfo } from '../model.ts'
import { filmStream, framesOf, toMediaInfo, tooLargePicture } from './media-info.ts'
import { judgeProbe, saidBy, saysTooManyPixels, unreachable, wasDisturbed } from './probe-failure.ts'
import { PROBE_ENTRIES, type Probe, probeSchema } from './probe-schema.ts'
import { requireWithin, type SourceLimits } from './source-limits.ts'

export type ProbeRequest = {
  ffprobePath: string
  /** Our own presigned URL of the source. */
  url: string
  etag: string
  sizeBytes: number
  /** An empty scratch directory. */
  cwd: string
  /** Told the process's id at once. */
  onStart?: (pid: number) => void
  limits: SourceLimits
  signal: AbortSignal
  /** For the whole probe. */
  timeoutMs: number
  /** Certificates to trust for https. */
  caFile?: string
}

/** 100 packets give the first shown picture but for edit lists that hide a long head. */
const PACKETS = [100, 1000]

const MAX_OUTPUT_BYTES = 16 * 2 ** 20

/**
 * What ffprobe finds in a source, read over HTTP. Errors that are the source's own fault are
 * permanent: `empty_source`, `unsupported_container`, `unsupported_codec`, `truncated_input`,
 * `corrupt_input`, `no_video`, those of a source that exceeds `limits`, and `source_changed` when the
 * object is not the one with this ETag. All else is transient: `source_unreachable`, `probe_failed`,
 * what `judgeEnding` tells. An abort throws the signal's reason.
 */
export async function probeSource(request: ProbeRequest): Promise<MediaInfo> {
  // An empty object answers any range with 416, which would look like a fault of the store.
  if (request.sizeBytes === 0) throw new PermanentError('empty_source', 'the source is empty')
  const timeout = AbortSignal.timeout(request.timeoutMs)
  for (const packets of PACKETS) {
    const { probe, stderr } = await runProbe(request, packets, timeout)
    const film = filmStream(probe)
    // A header may tell another size than the pictures do.
    if (film && framesOf(probe, film).length === 0 && saysTooManyPixels(stderr)) {
      throw tooLargePicture(saidBy(stderr))
    }
    const media = toMediaInfo(probe, request.sizeBytes)
    requireWithin(request.limits, probe, media)
    const sawPictures = film !== null && framesOf(probe, film).length > 0
    if (sawPictures || media.video === null || packets === PACKETS.at(-1)) return media
  }
  throw new Error('unreachable: the last round returns')
}

async function runProbe(request: ProbeRequest, packets: number, timeout: AbortSignal) {
  const { ffprobePath, cwd, signal } = request
  signal.throwIfAborted()
  const running = execa(...launchCommand(ffprobePath, probeArgs(request, packets), { cwd }), {
    ...CONFINED,
    cwd,
    stdin: 'ignore',
    maxBuffer: MAX_OUTPUT_BYTES,
    cancelSignal: AbortSignal.any([signal, timeout]),
  })
  if (running.pid !== undefined) request.onStart?.(running.pid)
  const result = await running
  signal.throwIfAborted()
  if (timeout.aborted) {
    const message = 'the source could not be probed in time'
    throw new TransientError('source_unreachable', message, saidBy(result.stderr))
  }
  // Ended by us, which would look like a kill from outside.
  if (result.isMaxBuffer) {
    const message = `ffprobe said more than ${MAX_OUTPUT_BYTES} bytes`
    throw new TransientError('probe_failed', message, saidBy(result.stderr))
  }
  const failure = judgeProbe({ ...endingOf(result, result.stderr), stderr: result.stderr })
  if (failure) throw failure
  const probe = parseProbe(result.stdout)
  // ffprobe takes a connection that ends for a file that ends.
  if (probe.streams.length === 0 && wasDisturbed(result.stderr)) throw unreachable(result.stderr)
  return { probe, stderr: result.stderr }
}

function probeArgs({ url, etag, caFile }: ProbeRequest, packets: number): string[] {
  return [
    // HTTP errors are warnings.
    ...['-v', 'warning', '-of', 'json'],
    ...['-read_intervals', `%+#${packets}`, '-show_entries', PROBE_ENTRIES],
    ...httpInput({ url, etag, ...(caFile ? { caFile } : {}) }, 'ffprobe'),
  ]
}

function parseProbe(stdout: string): Probe {
  try {
    return probeSchema.parse(JSON.parse(stdout))
  } catch (cause) {
    throw new TransientError('probe_failed', 'the answer of ffprobe is not what was expected', { cause })
  }
}
