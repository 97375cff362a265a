import { PermanentError, type StepladderError, TransientError } from '../errors.ts'
import { httpStatusOf } from './ffmpeg-stderr.ts'
import { tooManyStreams } from './media-info.ts'
import { scrub } from './scrub.ts'

/**
 * What went wrong in a run of ffprobe, null if nothing did. The network is blamed first, since a
 * connection cut short makes sound data look invalid; what is left and not known is taken for
 * passing, because a wrong verdict on the source would be final.
 */
export function judgeProbe({
  exitCode,
  stderr,
}: {
  exitCode: number | null
  stderr: string
}): StepladderError | null {
  const status = stderr
    .split('\n')
    .map(httpStatusOf)
    .find((code) => code !== null)
  if (status === 412)
    return new PermanentError('source_changed', 'the source was replaced since it was submitted')
  if (exitCode === 0) return null
  if (status !== undefined || wasDisturbed(stderr)) return unreachable(stderr)
  if (/exceeds max_streams/.test(stderr)) return tooManyStreams()
  const codec = /Codec \((\w+)\) not on whitelist/.exec(stderr)?.[1]
  if (codec)
    return new PermanentError(
      'unsupported_codec',
      `the source has a stream in ${codec}, which is not accepted`,
    )
  if (/Format not on whitelist|detected only with low score/.test(stderr)) return unsupported()
  if (/moov atom not found/.test(stderr)) {
    return new PermanentError('truncated_input', 'the source ends before its table of contents (moov)')
  }
  return /Invalid data found/.test(stderr) ? unsupported() : unreachable(stderr)
}

/** The connection failed for good or for a while. */
export const wasDisturbed = (stderr: string): boolean => NETWORK.test(stderr)

const NETWORK = /Stream ends prematurely|Connection |Input\/output error|Failed to resolve|Server returned/

/** ffprobe refused to decode a picture of this size, and lists it as 0×0. */
export const saysTooManyPixels = (stderr: string): boolean => /exceeds specified max pixel count/.test(stderr)

const unsupported = () =>
  new PermanentError('unsupported_container', 'the source is not a media file of a kind that is accepted')

export function unreachable(stderr: string): TransientError {
  const lastLine = scrub(stderr.trim().split('\n').at(-1) ?? '').slice(0, 300)
  return new TransientError(
    'source_unreachable',
    `the source could not be read: ${lastLine || 'ffprobe gave no reason'}`,
  )
}
