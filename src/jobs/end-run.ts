import { type Database, json, type Query, type Transaction, transaction } from '../db.ts'
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

/** GUARD: running → done at our fence, and the run's line with it. 1 row or FencedError, which rolls the transaction back. */
export async function markDone(tx: Transaction, owned: Owned, result: unknown): Promise<void> {
  const rows = await tx`
    with ended as (
      update tasks set state = 'done', result = ${json(tx, result ?? null)}, worker_id = null, lease_until = null, error = null
      where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id, fence
    ), run as (
      update task_runs r set ended_at = clock_timestamp(), outcome = 'done', error = null
      from ended where r.task_id = ended.id and r.fence = ended.fence and r.ended_at is null
    )
    select id from ended`
  if (rows.length === 0) throw new FencedError()
}

/**
 * The transaction that ends a run, safe to repeat: a commit whose answer was lost with the connection is
 * ambiguous, and the second try meets no row. The run's own line, which was closed with it, then tells
 * that it was ours. Throws FencedError when it was not.
 */
export async function endOnce(
  sql: Database,
  owned: Owned,
  outcome: Outcome,
  body: (tx: Transaction) => Promise<unknown>,
): Promise<void> {
  try {
    await transaction(sql, body)
  } catch (error) {
    if (error instanceof FencedError && (await hasEnded(sql, owned, outcome))) return
    throw error
  }
}

async function hasEnded(sql: Database, owned: Owned, outcome: Outcome): Promise<boolean> {
  const rows = await sql`
    select from task_runs
    where task_id = ${owned.taskId} and fence = ${owned.fence} and outcome = ${outcome}`
  return rows.length > 0
}
