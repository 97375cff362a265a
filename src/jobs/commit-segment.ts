import { json, type Query, type Transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { SegmentObjects } from '../media/stored.ts'
import type { Owned } from './state.ts'

/** A segment whose objects are in the bucket. `idx` counts within the task. */
export type SegmentRow = { idx: number; frames: number; objects: SegmentObjects }

/**
 * Transition 6: one segment more, not the last one. Extends the lease and clears `crashes`, for only
 * a task that dies three times at the same segment is poison. The fence stands in an UPDATE, which
 * locks the task's row: a plain SELECT would be no guard. Throws FencedError.
 */
export async function commitSegment(
  sql: Query,
  owned: Owned,
  segment: SegmentRow,
  leaseMs: number,
): Promise<void> {
  const rows = await sql`
    with t as (
      update tasks set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms', crashes = 0
      where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id
    )
    insert into segments (task_id, idx, frames, objects)
    select id, ${segment.idx}, ${segment.frames}, ${json(sql, segment.objects)} from t
    on conflict do nothing returning idx`
  if (rows.length === 0) await confirmCommitted(sql, owned, segment)
}

/** No row: either our earlier commit whose answer was lost (the same keys), or the guard is gone. */
async function confirmCommitted(sql: Query, owned: Owned, segment: SegmentRow): Promise<void> {
  const [row] = await sql<{ same: boolean }[]>`
    select s.objects = ${json(sql, segment.objects)} as same
    from tasks t join segments s on s.task_id = t.id and s.idx = ${segment.idx}
    where t.id = ${owned.taskId} and t.fence = ${owned.fence} and t.state = 'running'`
  if (!row?.same) throw new FencedError()
}

/** The last segment, inside the transaction that ends its task. */
export async function insertLastSegment(tx: Transaction, owned: Owned, segment: SegmentRow): Promise<void> {
  await tx`insert into segments (task_id, idx, frames, objects)
           values (${owned.taskId}, ${segment.idx}, ${segment.frames}, ${json(tx, segment.objects)})`
}
