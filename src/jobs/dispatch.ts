import { type Database, json, type Transaction } from '../db.ts'
import type { Announced } from '../queue/stream.ts'
import { chooseWaiting } from './choose-waiting.ts'
import { tryPass } from './passes.ts'
import { anyWaiting, readWindow, type Window, windowRoom } from './window.ts'

/** So many a pass at most, and so many hints taken back. */
const batch = 100

type Announcing = {
  announceAll: (tasks: Announced[]) => Promise<string[]>
  settle: (ids: string[]) => Promise<void>
}

/**
 * Transition 2: keeps a window of announced, unclaimed tasks, so that the stream stays short and what
 * matters most is read next. The predicate is the claim's: what a claim would refuse must not be
 * announced. `fetch` tasks go to the courier by the table. Returns how many were announced, or null when
 * another process holds the pass.
 */
export async function dispatchTasks(sql: Database, stream: Announcing): Promise<number | null> {
  // Every worker asks each second, and mostly nothing waits: one statement then, and no transaction.
  if (!(await anyWaiting(sql))) return 0
  const takenBack = await tryPass(sql, 'dispatch', async (tx) => {
    const window = await readWindow(tx)
    const lower = window.waiting === 0 ? await takeBackLower(tx) : []
    return lower.length > 0 ? lower : topUpWindow(tx, stream, window)
  })
  if (!Array.isArray(takenBack)) return takenBack
  // Committed first: an entry without a mark does no harm, a mark without an entry would wait.
  await stream.settle(takenBack)
  return tryPass(sql, 'dispatch', async (tx) => topUpWindow(tx, stream, await readWindow(tx)))
}

async function topUpWindow(tx: Transaction, stream: Announcing, window: Window): Promise<number> {
  const room = window.waiting === null ? 0 : Math.min(batch, windowRoom(window))
  let announced = 0
  // One round is enough unless a few videos have most of what waits.
  while (announced < room) {
    const more = await announceNext(tx, stream, { room: room - announced, slots: window.slots })
    if (more === 0) break
    announced += more
  }
  return announced
}

/** Entries first, then their marks, for the same reason; one step each. */
async function announceNext(
  tx: Transaction,
  stream: Announcing,
  limits: { room: number; slots: number },
): Promise<number> {
  const tasks = await chooseWaiting(tx, limits)
  if (tasks.length === 0) return 0
  const entries = await stream.announceAll(tasks.map((task) => ({ id: task.id, streamId: task.stream_id })))
  const marks = entries.map((entry, index) => ({ id: tasks[index]?.id, entry }))
  await tx`
    update tasks set announced_at = now(), stream_id = mark.entry
    from jsonb_to_recordset(${json(tx, marks)}) as mark (id bigint, entry text) where tasks.id = mark.id`
  return entries.length
}

/**
 * While a high-priority task waits unannounced, the unclaimed hints of others are taken back, so that its
 * own is the first that a worker reads. They are announced again behind it. A quarter may stay if it has
 * risen by its age, or it would be taken back for ever.
 */
async function takeBackLower(tx: Transaction): Promise<string[]> {
  const rows = await tx<{ stream_id: string | null }[]>`
    with hint as (
      select id, risen, row_number() over (partition by risen order by announced_at, id) as n, count(*) over () as hints
      from (select id, announced_at, waiting_class(priority, run_at) = 0 as risen from tasks
            where state = 'queued' and announced_at is not null and kind <> 'fetch' and priority > 0) h
    ), lower as (
      select t.id from hint h join tasks t using (id)
      where (not risen or n > ceil(hints / 4.0)) and t.state = 'queued' and t.announced_at is not null
      limit ${batch} for no key update of t skip locked
    )
    update tasks set announced_at = null where id in (select id from lower) returning stream_id`
  return rows.flatMap((row) => row.stream_id ?? [])
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
