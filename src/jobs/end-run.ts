import { json, type Query, type Transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { Owned } from './state.ts'

export type Outcome = 'done' | 'released' | 'retried' | 'failed' | 'lost' | 'cancelled'

/** Closes the run's line in the log of runs. */
export async function endRun(
  tx: Query,
  owned: Owned,
  outcome: Outcome,
  error: object | null = null,
): Promise<void> {
  await tx`update task_runs set ended_at = clock_timestamp(), outcome = ${outcome}, error = ${error && json(tx, error)}
           where task_id = ${owned.taskId} and fence = ${owned.fence} and ended_at is null`
}

/** GUARD: running → done at our fence, 1 row or FencedError, which rolls the transaction back. */
export async function markDone(tx: Transaction, owned: Owned, result: unknown): Promise<void> {
  const rows = await tx`
    update tasks set state = 'done', result = ${json(tx, result ?? null)}, worker_id = null, lease_until = null, error = null
    where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id`
  if (rows.length === 0) throw new FencedError()
  await endRun(tx, owned, 'done')
}

/** Whether this very run has ended its task: the answer to a commit whose reply was lost. */
export async function isDoneByUs(sql: Query, owned: Owned): Promise<boolean> {
  const rows =
    await sql`select 1 from tasks where id = ${owned.taskId} and fence = ${owned.fence} and state = 'done'`
  return rows.length > 0
}
