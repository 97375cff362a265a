import type { Database } from '../db.ts'
import { type ClaimedTask, type ClaimRow, claimColumns, claimedTask } from './claim.ts'

/** The oldest of each priority that are looked at: more than couriers claim in the same moment. */
const candidates = 64

/**
 * The courier's claim: the next waiting `fetch` task straight from the table, for a worker that read
 * its hint could only drop it. By class, which gets better with age, then by age. Null when none waits.
 */
export async function claimFetch(
  sql: Database,
  claim: { workerId: string; leaseMs: number },
): Promise<ClaimedTask | null> {
  const rows = await sql<ClaimRow[]>`
    with oldest as (
      select f.* from generate_series(0, 2) as p (priority) cross join lateral (
        select id, waiting_class(priority, run_at) as class from tasks
        where kind = 'fetch' and state = 'queued' and run_at <= now() and priority = p.priority
        order by id limit ${candidates}) f
    ), next as (
      select t.id from oldest o join tasks t using (id)
      where t.kind = 'fetch' and t.state = 'queued' and t.run_at <= now()
      order by o.class, t.id limit 1 for no key update of t skip locked
    ), t as (
      update tasks set state = 'running', fence = fence + 1, worker_id = ${claim.workerId}, stream_id = null,
             lease_until = clock_timestamp() + ${claim.leaseMs} * interval '1 ms'
      where id in (select id from next) returning *
    ), r as (
      insert into task_runs (task_id, fence, worker_id, attempt, crashes)
      select id, fence, worker_id, attempt, crashes from t
    )
    select ${claimColumns(sql)}
    from t join videos v on v.id = t.video_id`
  return rows[0] ? claimedTask(rows[0]) : null
}

/**
 * What runs under this very claimer, who runs nothing: its claim was committed and the answer lost with
 * the connection. Left alone, it would be taken back as a crash when its lease is over.
 */
export async function adoptFetch(sql: Database, workerId: string): Promise<ClaimedTask | null> {
  const rows = await sql<ClaimRow[]>`
    select ${claimColumns(sql)}
    from tasks t join videos v on v.id = t.video_id
    where t.kind = 'fetch' and t.state = 'running' and t.worker_id = ${workerId}`
  return rows[0] ? claimedTask(rows[0]) : null
}
