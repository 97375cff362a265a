import { messageOf, StepladderError } from '../errors.ts'

/** What a look at one neighbour found, as clauses without a full stop; `fix` says what to do about it. */
export type Check = { status: 'ok' | 'warning' | 'failed'; message: string; fix: string | null }

const withinMs = 3_000

export const ok = (message: string): Check => ({ status: 'ok', message, fix: null })
export const warning = (message: string, fix: string | null = null): Check => ({
  status: 'warning',
  message,
  fix,
})
export const failed = (message: string, fix: string | null = null): Check => ({
  status: 'failed',
  message,
  fix,
})

/** A check that throws, or that is silent for 3 s, has failed. `name` begins its sentence. */
export async function guarded(name: string, check: () => Promise<Check>): Promise<Check> {
  const { promise: late, resolve } = Promise.withResolvers<Check>()
  const silent = failed(`${name} did not answer within ${withinMs / 1000} s`)
  const timer = setTimeout(() => resolve(silent), withinMs)
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    // What it answered is not what we need; it is told as it is.
    if (error instanceof StepladderError && error.code.startsWith('migration'))
      return failed(messageOf(error))
    return failed(`${name} did not answer: ${messageOf(error) || 'no connection'}`)
  } finally {
    clearTimeout(timer)
  }
}
