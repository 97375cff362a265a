import type { Transaction } from '../db.ts'
import { runFacts } from './read-timeline.ts'

/**
 * Deletes tasks of a video whose work is to be done anew; `which` is a condition on `t`. What their runs
 * were stays in the timeline, as events of kind `run`. Under LOCK.
 */
export async function dropTasks(
  tx: Transaction,
  videoId: string,
  which: ReturnType<typeof runFacts>,
): Promise<void> {
  // Tasks before their runs, as everybody locks them.
  await tx`select from tasks t where t.video_id = ${videoId} and ${which} order by t.id for update`
  await tx`
    update task_runs r set ended_at = clock_timestamp(), outcome = 'cancelled'
    from tasks t where t.id = r.task_id and t.video_id = ${videoId} and r.ended_at is null and ${which}`
  await tx`
    with runs as (
      select r.started_at, ${runFacts(tx)} as facts, row_number() over (order by r.started_at, t.id) as n
      from tasks t join task_runs r on r.task_id = t.id where t.video_id = ${videoId} and ${which}
    ), counted as (
      update videos set event_seq = event_seq + (select count(*) from runs) where id = ${videoId} returning event_seq
    )
    insert into events (video_id, seq, kind, data, at)
    select ${videoId}, counted.event_seq - (select count(*) from runs) + n, 'run', facts, started_at from runs, counted`
  await tx`delete from tasks t where t.video_id = ${videoId} and ${which}`
}
