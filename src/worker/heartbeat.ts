import { setTimeout as sleep } from 'node:timers/promises'
import { FencedError, messageOf, TransientError } from '../errors.ts'
import { beatTask } from '../jobs/beat.ts'
import type { ClaimedTask } from '../jobs/claim.ts'
import type { WorkerContext } from './context.ts'

/** After this long without an answer from the database the task is surely another's. */
const silenceLimitMs = 600_000

/**
 * Beats for one run until `stopped`: extends the lease and refreshes the entry. No row = fenced: the
 * run is aborted at once. An unreachable database is no fence loss; Redis is asked for nothing here
 * but to keep the entry young.
 */
export async function beatUntil(
  context: WorkerContext,
  run: { task: ClaimedTask; entryId: string; abort: (reason: Error) => void },
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
      context.log.warn(
        { err: messageOf(error), task_id: run.task.taskId },
        'a beat did not reach the database',
      )
      if (Date.now() - answeredAt > silenceLimitMs) {
        run.abort(new TransientError('database_unavailable', 'the database was away for too long'))
        return
      }
    }
    await context.stream.refresh(context.consumer, run.entryId).catch(() => false)
  }
}
