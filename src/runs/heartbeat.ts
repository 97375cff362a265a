import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { FencedError, messageOf, TransientError } from '../errors.ts'
import { beatTask } from '../jobs/beat.ts'
import type { Owned } from '../jobs/state.ts'
import type { Log } from '../log.ts'

/** After this long without an answer from the database the task is surely another's. */
const silenceLimitMs = 600_000

/**
 * Beats for one run until `stopped`: extends the lease, then calls `refresh` (which keeps the task's
 * stream entry young and may fail). No row = fenced: the run is aborted at once. An unreachable
 * database is no fence loss.
 */
export async function beatUntil(
  context: {
    sql: Database
    config: Pick<Config, 'BEAT_MS' | 'LEASE_MS'>
    log: Log
    report: (error: unknown) => void
  },
  run: { task: Owned; abort: (reason: Error) => void; refresh: () => Promise<unknown> },
  stopped: AbortSignal,
): Promise<void> {
  let answeredAt = Date.now()
  while (!stopped.aborted) {
    await sleep(context.config.BEAT_MS, undefined, { signal: stopped }).catch(() => {})
    if (stopped.aborted) return
    try {
      if (!(await beatTask(context.sql, run.task, context.config.LEASE_MS))) {
        if (!stopped.aborted) run.abort(new FencedError())
        return
      }
      answeredAt = Date.now()
    } catch (error) {
      context.report(error)
      context.log.warn(
        { err: messageOf(error), task_id: run.task.taskId },
        'a beat did not reach the database',
      )
      if (Date.now() - answeredAt > silenceLimitMs) {
        run.abort(new TransientError('database_unavailable', 'the database was away for too long'))
        return
      }
    }
    // Redis saying "not yours", or nothing at all, is no fence loss: only the database fences.
    await run.refresh().catch(context.report)
  }
}
