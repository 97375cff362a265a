import { PermanentError, type StepladderError, TransientError } from '../errors.ts'
import type { FfmpegResult } from './ffmpeg.ts'

/**
 * The error an exit code stands for, null for exit 0 (which says little: a run is good only if its
 * frames are all there). The surroundings are blamed first, since a full disk or a cut connection
 * also makes sound data look invalid, and a verdict on the source would be final.
 */
export function judgeExit({ exitCode, endedEarly, stderrTail }: FfmpegResult): StepladderError | null {
  if (exitCode === 0) return null
  const cause = { cause: new Error(stderrTail) }
  if (/No space left on device|Cannot allocate memory|Disk quota exceeded/.test(stderrTail)) {
    return new TransientError('out_of_resources', 'ffmpeg ran out of memory or disk', cause)
  }
  if (
    endedEarly ||
    /HTTP error|Connection |Failed to resolve|Input\/output error|Server returned/.test(stderrTail)
  ) {
    return new TransientError('source_unreachable', 'ffmpeg lost the connection to the source', cause)
  }
  // A signal is a crash of ffmpeg or the kernel's out-of-memory killer, whatever was printed before.
  if (exitCode > 128 && exitCode !== 255) {
    return new TransientError('ffmpeg_crashed', `ffmpeg was killed by signal ${exitCode - 128}`, cause)
  }
  if (exitCode === TOO_MANY_ERRORS || CANNOT_OPEN.test(stderrTail)) {
    return new PermanentError('corrupt_input', 'the source is damaged and cannot be decoded', cause)
  }
  return new TransientError('ffmpeg_failed', `ffmpeg failed with exit code ${exitCode}`, cause)
}

/** ffmpeg's own code for more damaged than sound packets. */
const TOO_MANY_ERRORS = 69

/** Only of the file as a whole: one damaged packet prints "Invalid data found" too and does no harm. */
const CANNOT_OPEN = /^<store>\S*: Invalid data found|moov atom not found|Format not on whitelist/m

/**
 * Throws unless the run ended well and read its source to the end: a damaged or cut source still gives
 * exit 0 and a plausible file. PermanentError `corrupt_input`, `truncated_input`; TransientError
 * `source_unreachable` where the connection was to blame.
 */
export function requireWholeRun(result: FfmpegResult): void {
  const failure = judgeExit(result)
  if (failure) throw failure
  const cause = { cause: new Error(result.stderrTail) }
  const cutConnection = /Stream ends prematurely|Connection /.test(result.stderrTail)
  if (result.endedEarly && (cutConnection || !/partial file/.test(result.stderrTail))) {
    throw new TransientError('source_unreachable', 'the source could not be read to its end', cause)
  }
  if (result.endedEarly) {
    throw new PermanentError('truncated_input', 'the source ends before its own index says it does', cause)
  }
  if (result.decodeErrors > 0) {
    throw new PermanentError(
      'corrupt_input',
      `${result.decodeErrors} frames of the source could not be decoded`,
      cause,
    )
  }
}
