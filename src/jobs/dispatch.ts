import type { Database } from '../db.ts'
import { tryPass } from './passes.ts'

const batch = 100

type Waiting = { id: number; stream_id: string | null }
type Announce = (task: { id: number; streamId: string | null }) => Promise<string | null>

/**
 * Transition 2: keeps a window of announced, unclaimed tasks, about twice the live slots, so that the
 * stream stays short and what matters most is read next. The predicate is the claim's: what a claim
 * would refuse must not be announced. `fetch` tasks go to the courier by the table. Returns how many
 * were announced, or null when another process holds the pass.
 */
export async function dispatchTasks(
  sql: Database,
  stream: { announce: Announce; settle: (ids: string[]) => Promise<void> },
): Promise<number | null> {
  return tryPass(sql, 'dispatch', async (tx) => {
    await takeBackLower(tx, stream.settle)
    const room = await windowRoom(tx)
    if (room <= 0) return 0
    const waiting = await tx<Waiting[]>`
      select t.id, t.stream_id from tasks t join videos v on v.id = t.video_id
      where t.state = 'queued' and t.announced_at is null and t.run_at <= now() and t.kind <> 'fetch'
      order by ${tx.unsafe(classOfTask)}, v.created_at, v.id, t.rank
      limit ${Math.min(room, batch)} for no key update of t skip locked`
    for (const task of waiting) {
      const entryId = await stream.announce({ id: task.id, streamId: task.stream_id })
      await tx`update tasks set announced_at = now(), stream_id = ${entryId} where id = ${task.id}`
    }
    return waiting.length
  })
}

/** `high` first; a task that waited long rises by one class every ten minutes. */
const classOfTask = `(case v.priority when 'high' then 0 when 'normal' then 1 else 2 end
  - floor(extract(epoch from now() - t.run_at) / 600))`

async function windowRoom(tx: Pick<Database, 'unsafe'>): Promise<number> {
  const [row] = await tx.unsafe<{ room: number }[]>(`
    select (select greatest(4, 2 * coalesce(sum(slots), 0))::int from workers
            where seen_at > now() - interval '30 s' and not draining)
         - (select count(*)::int from tasks where state = 'queued' and announced_at is not null and kind <> 'fetch') as room`)
  return row?.room ?? 0
}

/**
 * While a high-priority task waits unannounced, the unclaimed hints of a lower class are taken back,
 * so that its own is the first that a worker reads. What was taken back is announced again behind it.
 */
async function takeBackLower(
  tx: Pick<Database, 'unsafe'>,
  settle: (ids: string[]) => Promise<void>,
): Promise<void> {
  const rows = await tx.unsafe<{ stream_id: string | null }[]>(`
    with urgent as (
      select min(${classOfTask}) as class from tasks t join videos v on v.id = t.video_id
      where t.state = 'queued' and t.announced_at is null and t.run_at <= now() and t.kind <> 'fetch' and v.priority = 'high'
    ), lower as (
      select t.id from tasks t join videos v on v.id = t.video_id
      where t.state = 'queued' and t.announced_at is not null and t.kind <> 'fetch'
        and ${classOfTask} > (select class from urgent)
      limit ${batch} for no key update of t skip locked
    )
    update tasks set announced_at = null where id in (select id from lower) returning stream_id`)
  await settle(rows.flatMap((row) => row.stream_id ?? []))
}

/** Transition 3: a hint that nobody claimed for this long may be lost and will be replaced. SQL alone decides. */
export async function reconcileHints(sql: Database, afterMs: number): Promise<number | null> {
  return tryPass(sql, 'reconcile', async (tx) => {
    const rows = await tx`
      update tasks set announced_at = null where id in (
        select id from tasks where state = 'queued' and announced_at < now() - ${afterMs} * interval '1 ms'
        order by announced_at limit 500 for update skip locked)
      returning id`
    return rows.length
  })
}

/** A stopping worker gives back the hints it was handed and will not claim. */
export async function returnHints(sql: Database, entryIds: readonly string[]): Promise<void> {
  if (entryIds.length === 0) return
  await sql`
    update tasks set announced_at = null
    where state = 'queued' and announced_at is not null and stream_id in ${sql(entryIds)}`
}
