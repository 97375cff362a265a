/** Base of every error the project throws on purpose: a stable `code` and a sentence for people. */
export class StepladderError extends Error {
  override name = 'StepladderError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The input itself is at fault: trying again gives the same. Fails the video. */
export class PermanentError extends StepladderError {
  override name = 'PermanentError'
}

/** Something around us is at fault and may heal: the task is tried again later. */
export class TransientError extends StepladderError {
  override name = 'TransientError'
}

/** The database says the task is not ours any more: stop at once and write nothing. */
export class FencedError extends StepladderError {
  override name = 'FencedError'

  constructor(message = 'the task belongs to another run now') {
    super('fenced', message)
  }
}

/** Cutting the source was the cause: the video is to be planned again as one chunk. */
export class ReplanError extends StepladderError {
  override name = 'ReplanError'
}

/** The message of anything thrown, on one line. Several failed connections at once have a code only. */
export function messageOf(error: unknown): string {
  const named = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  const text = error instanceof Error ? error.message || named : String(error)
  return text.replaceAll(/\s+/g, ' ').trim()
}
