import { type Database, json } from '../db.ts'
import { FencedError } from '../errors.ts'
import { endOnce, endRun } from './end-run.ts'
import type { Owned } from './state.ts'

/**
 * Transition 10: running → queued with every committed segment kept. `drain`: at once, no attempt
 * spent. `outage`: the store or the database was away for long; later, no attempt spent. `retry`: a
 * transient fault; later, one attempt spent. Throws FencedError.
 */
export async function releaseTask(
  sql: Database,
  owned: Owned,
  release: {
    reason: 'drain' | 'outage' | 'retry'
    delayMs: number
    error?: { code: string; message: string }
  },
): Promise<void> {
  const spent = release.reason === 'retry' ? 1 : 0
  const error = release.error ?? null
  const outcome = release.reason === 'retry' ? 'retried' : 'released'
  await endOnce(sql, owned, outcome, async (tx) => {
    // announced_at goes, stream_id stays: the next announcement removes the entry it names.
    const rows = await tx`
      update tasks set state = 'queued', announced_at = null, worker_id = null, lease_until = null,
             run_at = now() + ${release.delayMs} * interval '1 ms', attempt = attempt + ${spent},
             error = ${error && json(tx, error)}
      where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id`
    if (rows.length === 0) throw new FencedError()
    await endRun(tx, owned, outcome, error)
  })
}

/**
 * Tasks that run by this worker under these entries and that it never began: their claim was committed and
 * its answer lost. Without this they would wait for the reaper, who would count a crash.
 */
export async function releaseUnbegun(
  sql: Database,
  unbegun: { workerId: string; entryIds: readonly string[] },
): Promise<void> {
  if (unbegun.entryIds.length === 0) return
  await sql`
    with t as (
      update tasks set state = 'queued', announced_at = null, worker_id = null, lease_until = null, run_at = now()
      where id in (select id from tasks where state = 'running' and worker_id = ${unbegun.workerId}
                   and stream_id in ${sql(unbegun.entryIds)} order by id for no key update skip locked)
      returning id, fence
    )
    update task_runs r set ended_at = clock_timestamp(), outcome = 'released'
    from t where r.task_id = t.id and r.fence = t.fence and r.ended_at is null`
}

/** The pause before attempt number `attempt` + 1: base · 4^attempt, with up to half of it taken off at random. */
export function retryDelayMs(baseMs: number, attempt: number): number {
  return Math.round(baseMs * 4 ** attempt * (0.5 + Math.random() / 2))
}
