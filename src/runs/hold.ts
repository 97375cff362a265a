import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseOutage } from '../db.ts'
import { messageOf, TransientError } from '../errors.ts'
import type { Log } from '../log.ts'

const outageLimitMs = 600_000

/**
 * Runs a statement through an outage of the database: a connection error is no fence loss, so the
 * encoder goes on and the statement is tried again for ten minutes. What it does must be safe to
 * repeat, for its commit may have happened while the answer was lost.
 */
export async function holdThroughOutage<T>(
  body: () => Promise<T>,
  options: { signal: AbortSignal; log: Log; report: (error: unknown) => void },
): Promise<T> {
  const deadline = Date.now() + outageLimitMs
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted()
    try {
      return await body()
    } catch (error) {
      if (!isDatabaseOutage(error)) throw error
      options.report(error)
      if (Date.now() > deadline) {
        throw new TransientError(
          'database_unavailable',
          `the database was away for too long: ${messageOf(error)}`,
          {
            cause: error,
          },
        )
      }
      options.log.warn({ err: messageOf(error) }, 'the database is away: holding')
      await sleep(Math.min(250 * 2 ** attempt, 5_000), undefined, { signal: options.signal }).catch(() => {
        // Aborted: the next turn throws the signal's own reason.
      })
    }
  }
}
