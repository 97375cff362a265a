import { PermanentError, StderrTail, type StepladderError, TransientError } from '../../errors.ts'
import { type Ending, judgeEnding } from '../ffmpeg/ffmpeg-failure.ts'
import { httpStatusOf } from '../ffmpeg/ffmpeg-stderr.ts'
import { scrub } from '../ffmpeg/scrub.ts'
import { isDecoder } from '../whitelist.ts'
import { tooManyStreams } from './media-info.ts'

/**
 * What went wrong in a run of ffprobe, null if nothing did. The network is blamed first, since a
 * connection cut short makes sound data look invalid; what is left and not known is `probe_failed` and
 * taken for passing, because a wrong verdict on the source would be final.
 */
export function judgeProbe({ stderr, ...ending }: Ending & { stderr: string }): StepladderError | null {
  const said = saidBy(stderr)
  const status = stderr
    .split('\n')
    .map(httpStatusOf)
    .find((code) => code !== null)
  if (status === 412)
    return new PermanentError('source_changed', 'the source was replaced since it was submitted', said)
  if (ending.exitCode === 0) return null
  // Which ffprobe says with "Cannot allocate memory" as its last word.
  if (/exceeds max_streams/.test(stderr)) return tooManyStreams(said)
  const byMachine = judgeEnding('ffprobe', ending, said.cause.message)
  if (byMachine) return byMachine
  if (status !== undefined || wasDisturbed(stderr)) return unreachable(stderr)
  return judgeWords(stderr, said)
}

function judgeWords(stderr: string, said: ErrorOptions): StepladderError {
  const codec = /Codec \((\w+)\) not on whitelist/.exec(stderr)?.[1]
  if (codec) {
    const message = `the source has a stream in ${codec}, which is not accepted`
    return new PermanentError('unsupported_codec', message, said)
  }
  if (/Format not on whitelist|detected only with low score/.test(stderr)) return unsupported(said)
  if (/moov atom not found/.test(stderr)) {
    return new PermanentError('truncated_input', 'the source ends before its table of contents (moov)', said)
  }
  if (ENDS_IN_HEADER.test(stderr)) {
    return new PermanentError('truncated_input', 'the source ends before its own header does', said)
  }
  if (saysBrokenHeader(stderr)) {
    const message = 'the source is damaged: a decoder cannot make sense of the header of its stream'
    return new PermanentError('corrupt_input', message, said)
  }
  if (NO_SENSE.test(stderr)) return unsupported(said)
  return new TransientError('probe_failed', `ffprobe failed: ${lastLine(stderr)}`, said)
}

/**
 * What a reader returns that can make nothing of its file. That of ASF returns -1, which is printed as
 * EPERM; one that is meant says more, as do all errors of a connection.
 */
const NO_SENSE = /Invalid data found|: Not yet implemented in FFmpeg|: Operation not permitted$/m

/**
 * ffprobe opens every stream or lists none. It does not tell why a decoder did not open; one that found
 * its header broken says so before, one without memory or threads says nothing.
 */
function saysBrokenHeader(stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => !/^ +Last message repeated/.test(line))
  const at = lines.findIndex((line) => line.startsWith('Could not open codec for input stream'))
  const speaker = /^\[(\w+) @ /.exec(lines[at - 1] ?? '')?.[1]
  return speaker !== undefined && isDecoder(speaker)
}

/** What ffprobe said, as the cause of the error it led to. */
export function saidBy(stderr: string): { cause: StderrTail } {
  return { cause: new StderrTail(stderr.trim().split('\n').slice(-40).map(scrub).join('\n')) }
}

/** The connection failed for good or for a while. */
export const wasDisturbed = (stderr: string): boolean =>
  NETWORK.test(stderr) || (/Input\/output error/.test(stderr) && !ENDS_IN_HEADER.test(stderr))

const NETWORK = /Stream ends prematurely|Connection |Failed to resolve|Server returned|Will reconnect/

/** A connection that ends says one of NETWORK first. The reader of Matroska adds an "Input/output error". */
const ENDS_IN_HEADER = /: End of file$|\] File ended prematurely|^Truncating packet of size/m

/** ffprobe refused to decode pictures of this size, or to think of it. */
export const saysTooManyPixels = (stderr: string): boolean =>
  /exceeds specified max pixel count|Picture size \d+x\d+ is invalid/.test(stderr)

const unsupported = (said: ErrorOptions) =>
  new PermanentError(
    'unsupported_container',
    'the source is not a media file of a kind that is accepted',
    said,
  )

export function unreachable(stderr: string): TransientError {
  const message = `the source could not be read: ${lastLine(stderr)}`
  return new TransientError('source_unreachable', message, saidBy(stderr))
}

function lastLine(stderr: string): string {
  return scrub(stderr.trim().split('\n').at(-1) ?? '').slice(0, 300) || 'it gave no reason'
}
