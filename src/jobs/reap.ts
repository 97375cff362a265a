import { type Database, json, type Transaction, transaction } from '../db.ts'
import { type Reach, reachNothing } from '../failpoints.ts'
import { stopVideo } from './fail.ts'
import { tryPass } from './passes.ts'
import { lockVideo } from './video-lock.ts'

type Lost = { id: number; video_id: string; fence: number }
/** This many crashes without a segment between them, and the task is poison. */
const crashLimit = 3

/**
 * Transition 12: tasks whose lease is over go back to the queue with a higher fence. Returns the
 * number taken back, or null when the pass was not ours or reaping is paused.
 */
export async function reapTasks(
  sql: Database,
  leaseMs: number,
  reach: Reach = reachNothing,
): Promise<number | null> {
  const taken = await tryPass(sql, 'reap', async (tx) => {
    if (!(await mayReap(tx, leaseMs))) return null
    await boundLeases(tx, leaseMs)
    return takeBack(tx)
  })
  if (taken === null) return null
  if (taken > 0) reach('reaped')
  return taken + (await failPoison(sql))
}

/**
 * A gap since the last pass shows an outage, a fail-over, a suspend or a stepped clock, in which no
 * worker could extend its lease: then nothing is reaped for one lease. Kept in the database, so that
 * a new reaper knows it too.
 */
async function mayReap(tx: Transaction, leaseMs: number): Promise<boolean> {
  const [row] = await tx<{ allowed: boolean }[]>`
    with o as (select reaped_at, reap_from from maintenance for update)
    update maintenance m set reaped_at = now(),
      reap_from = case when now() - o.reaped_at not between '0 s' and ${leaseMs / 2} * interval '1 ms'
                  then now() + ${leaseMs} * interval '1 ms' else o.reap_from end
    from o returning now() >= m.reap_from as allowed`
  return row?.allowed ?? false
}

async function takeBack(tx: Transaction): Promise<number> {
  const rows = await tx`
    with lost as (
      update tasks set state = 'queued', fence = fence + 1, crashes = crashes + 1, announced_at = null,
             worker_id = null, lease_until = null
      where id in (select id from tasks where state = 'running' and lease_until < now() and crashes < ${crashLimit - 1}
                   order by id limit 500 for update skip locked)
      returning id, fence
    ), runs as (
      update task_runs r set ended_at = clock_timestamp(), outcome = 'lost'
      from lost where r.task_id = lost.id and r.fence = lost.fence - 1
    )
    select id from lost`
  return rows.length
}

/** A lease far in the future was written before the clock stepped back: it is cut to one lease from now. */
async function boundLeases(tx: Transaction, leaseMs: number): Promise<void> {
  await tx`
    update tasks set lease_until = now() + ${leaseMs} * interval '1 ms' where id in (
      select id from tasks where state = 'running' and lease_until > now() + ${3 * leaseMs} * interval '1 ms'
      for update skip locked)`
}

/** Tasks that took their worker down for the last time: one transaction each, the video locked first. */
async function failPoison(sql: Database): Promise<number> {
  const poison = await sql<Lost[]>`
    select id, video_id, fence from tasks
    where state = 'running' and lease_until < now() and crashes >= ${crashLimit - 1} order by id limit 100`
  let failed = 0
  for (const task of poison) {
    const failure = {
      code: 'worker_crashed',
      message: `a task of this video ended its worker ${crashLimit} times at the same place`,
    }
    failed += await transaction(sql, async (tx) => {
      await lockVideo(tx, task.video_id)
      const rows = await tx`
        update tasks set state = 'failed', fence = fence + 1, crashes = crashes + 1, worker_id = null, lease_until = null,
               error = ${json(tx, failure)}
        where id = ${task.id} and state = 'running' and lease_until < now() and fence = ${task.fence} returning id`
      if (rows.length === 0) return 0
      await tx`update task_runs set ended_at = clock_timestamp(), outcome = 'lost'
               where task_id = ${task.id} and fence = ${task.fence}`
      await stopVideo(tx, task.video_id, 'failed', failure)
      return 1
    })
  }
  return failed
}
