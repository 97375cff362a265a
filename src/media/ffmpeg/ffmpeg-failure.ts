import { PermanentError, StderrTail, type StepladderError, TransientError } from '../../errors.ts'
import type { FfmpegResult } from './ffmpeg.ts'

/** How a process ended: with an exit code, or by a signal that it did not handle. */
export type Ending = { exitCode: number | null; signal: NodeJS.Signals | null }

/**
 * What the machine did to a media program, null when nothing: then its own words decide. Asked first,
 * since a full disk or a crash also makes sound data look invalid, and a verdict on the source is final.
 */
export function judgeEnding(program: string, ending: Ending, stderr: string): StepladderError | null {
  const cause = { cause: new StderrTail(stderr) }
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return new TransientError('out_of_disk', `the disk was full when ${program} wrote to it`, cause)
  }
  if (/Cannot allocate memory/.test(stderr)) {
    return new TransientError('out_of_memory', `${program} found no memory`, cause)
  }
  if (ending.signal !== null) return judgeSignal(program, ending.signal, cause)
  if (/File too large/.test(stderr)) return overLimit(program, 'EFBIG', cause)
  if (CANNOT_EXECUTE.has(ending.exitCode) && !stderr.includes(' @ 0x')) {
    return new TransientError('ffmpeg_missing', `${program} could not be started`, cause)
  }
  return null
}

/**
 * No process of ours, and no exit code: setpriv and prlimit end with these when there is nothing they can
 * execute, as a shell does. A program that began has a line of its own (`[mov @ 0x…]`).
 */
const CANNOT_EXECUTE: ReadonlySet<number | null> = new Set([null, 126, 127])

/** What no program asks for: a bug that this input may find each time, so attempts are spent. */
const CRASHES: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGILL',
  'SIGBUS',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
])
/** The limits of `limits.ts`; the second step of the processor's is SIGKILL. */
const LIMITS: ReadonlySet<string> = new Set(['SIGXCPU', 'SIGXFSZ'])

function judgeSignal(program: string, signal: NodeJS.Signals, cause: ErrorOptions): StepladderError {
  if (CRASHES.has(signal)) {
    return new TransientError('ffmpeg_crashed', `${program} crashed with ${signal}`, cause)
  }
  if (LIMITS.has(signal)) return overLimit(program, signal, cause)
  // SIGKILL that is not ours comes from the kernel's out-of-memory killer as a rule; SIGTERM from whoever
  // stops the machine; SIGPIPE from a reader that went away, which says nothing of what was written.
  return new TransientError('ffmpeg_killed', `something outside ended ${program} with ${signal}`, cause)
}

function overLimit(program: string, what: string, cause: ErrorOptions): StepladderError {
  return new TransientError('ffmpeg_over_limit', `${program} went over a limit (${what})`, cause)
}

/**
 * The error an exit stands for, null for exit 0 (which says little: a run is good only if its frames
 * are all there), and for an end that tells no more than that: there was nothing to decode. The
 * surroundings are blamed first. Codes above 128 are no signals: ffmpeg 7 exits with the low byte of a
 * negative error number.
 */
export function judgeExit(result: FfmpegResult): StepladderError | null {
  const { endedEarly, fileIsCut, stderrTail, ...ending } = result
  const { exitCode } = ending
  if (exitCode === 0) return null
  const byMachine = judgeEnding('ffmpeg', ending, stderrTail)
  if (byMachine) return byMachine
  const cause = { cause: new StderrTail(stderrTail) }
  if (
    // Which Matroska's reader says at the end of a cut file.
    (!fileIsCut && (endedEarly || /Input\/output error/.test(stderrTail))) ||
    /HTTP error|Connection |Failed to resolve|Server returned/.test(stderrTail)
  ) {
    return new TransientError('source_unreachable', 'ffmpeg lost the connection to the source', cause)
  }
  if (exitCode === ASKED_TO_STOP) {
    return new TransientError('ffmpeg_killed', 'something outside asked ffmpeg to stop', cause)
  }
  if (exitCode === TOO_MANY_ERRORS || CANNOT_OPEN.test(stderrTail)) {
    return new PermanentError('corrupt_input', 'the source is damaged and cannot be decoded', cause)
  }
  if (NOTHING_DECODED.test(stderrTail)) return null
  return new TransientError('ffmpeg_failed', `ffmpeg failed with exit code ${exitCode}`, cause)
}

/** ffmpeg's own code for more damaged than sound packets; the outputs are complete by then. */
const TOO_MANY_ERRORS = 69

/** Whether most of what was read could not be decoded. */
export const mostlyUndecodable = ({ exitCode }: FfmpegResult): boolean => exitCode === TOO_MANY_ERRORS

/**
 * After SIGINT, SIGTERM or SIGXCPU ffmpeg writes a proper end, so that the file plays and is too short,
 * and exits with this code. Which signal it was it tells at a log level we do not have.
 */
const ASKED_TO_STOP = 255

/** Only of the file as a whole: one damaged packet prints "Invalid data found" too and does no harm. */
const CANNOT_OPEN = /^<store>\S*: Invalid data found|moov atom not found|Format not on whitelist/m

/**
 * Said with exit 1 after a stream whose header does not tell how its pictures or sounds are laid out and
 * of which none could be decoded. Where the header tells, the same ends with exit 0 and an empty output.
 */
const NOTHING_DECODED = /Cannot determine format of input .* after EOF/

/** What is wrong with a source of which something was made all the same, fit to be stored. */
export type Damage = { code: string; message: string }

/**
 * Throws unless the run ended well and read its source to the end: a damaged or cut source still gives
 * exit 0 and a plausible file. PermanentError `corrupt_input`, `truncated_input`; TransientError
 * `source_unreachable` where the connection was to blame. With `allowPartial` the first two are what is
 * returned instead, and the run's output is worth keeping. So many frames may be `lost` without a word.
 */
export function requireWholeRun(
  result: FfmpegResult,
  { allowPartial = false, lost = 0 }: { allowPartial?: boolean; lost?: number } = {},
): Damage | null {
  const cause = { cause: new StderrTail(result.stderrTail) }
  const failure = allowPartial && mostlyUndecodable(result) ? null : judgeExit(result)
  if (failure) throw failure
  const cutConnection = /Stream ends prematurely|Connection /.test(result.stderrTail)
  if (result.endedEarly && (cutConnection || !result.fileIsCut)) {
    throw new TransientError('source_unreachable', 'the source could not be read to its end', cause)
  }
  const damage = damageOf(result, lost, cause)
  if (damage === null) return null
  if (!allowPartial) throw damage
  return { code: damage.code, message: damage.message }
}

function damageOf(
  { endedEarly, decodeErrors }: FfmpegResult,
  lost: number,
  cause: ErrorOptions,
): PermanentError | null {
  if (endedEarly) {
    return new PermanentError('truncated_input', 'the source ends before its own index says it does', cause)
  }
  if (decodeErrors <= lost) return null
  const message = `${decodeErrors} frames of the source could not be decoded`
  return new PermanentError('corrupt_input', message, cause)
}
