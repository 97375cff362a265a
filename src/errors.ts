import type { PermanentCode, ReplanCode, TransientCode } from './error-codes.ts'

/** Base of every error the project throws on purpose: a stable `code` and a sentence for people. */
export class StepladderError extends Error {
  override name = 'StepladderError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A setting, or a file that a setting names, cannot be used: the process does not start. */
export class ConfigError extends StepladderError {
  override name = 'ConfigError'

  constructor(message: string, options?: ErrorOptions) {
    super('bad_config', message, options)
  }
}

/** The input itself is at fault: trying again gives the same. Fails the video. */
export class PermanentError extends StepladderError {
  override name = 'PermanentError'

  constructor(code: PermanentCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** Something around us is at fault and may heal: the task is tried again later. */
export class TransientError extends StepladderError {
  override name = 'TransientError'

  constructor(code: TransientCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
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

  constructor(code: ReplanCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

const tailChars = 4_000

/** What a media program said last, scrubbed of addresses: the cause of the error that it led to. */
export class StderrTail extends Error {
  override name = 'StderrTail'

  constructor(text: string) {
    super(text.slice(-tailChars))
  }
}

/** The last words of the program that an error comes from, undefined where there are none. */
export function stderrOf(error: unknown): string | undefined {
  const cause = error instanceof StepladderError ? error.cause : undefined
  return (cause instanceof StderrTail && cause.message) || undefined
}

/** The same error with a program's last words as its cause, if it is one of ours and has no other. */
export function withStderr(error: unknown, tail: string): unknown {
  if (error instanceof StepladderError && error.cause === undefined) error.cause = new StderrTail(tail)
  return error
}

/** The message of anything thrown, on one line. Several failed connections at once have a code only. */
export function messageOf(error: unknown): string {
  const named = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  const text = error instanceof Error ? error.message || named : String(error)
  return text.replaceAll(/\s+/g, ' ').trim()
}
