import type { Query } from '../db.ts'
import { waits } from './window.ts'

/** Videos of one owner and priority that share the slots; the slots of a small system are fewer. */
const fewestVideos = 4
const mostVideos = 100
/** What has risen by its age takes one turn of five from what has that class by itself. */
const risenWeight = 4

export type WaitingTask = { id: number; stream_id: string | null }

/**
 * The next tasks to announce, at most `room`, in their order and locked. In turn:
 *
 * 1. Class: the video's priority, one better for every ten minutes that a task waits while nothing of
 *    its video is at work; at best like `high`, of which what has risen leaves four turns of five.
 * 2. Fair share between owners: whoever has fewest tasks at work is next.
 * 3. Fair share between videos, in the same way; then the older video.
 * 4. Order within the video: plan, chunk 0, sound, chunk 1, …
 *
 * Only the oldest videos of each owner and priority share, as many as there are slots: turns between all
 * that wait would start a thousand films and finish none.
 *
 * What it costs depends on owners and slots, not on how much waits or is over: heads and videos are found
 * by jumping along one partial index, and everything is ordered among those candidates only.
 */
export async function chooseWaiting(
  sql: Query,
  limits: { room: number; slots: number },
): Promise<WaitingTask[]> {
  const { room } = limits
  const videos = Math.min(mostVideos, Math.max(fewestVideos, limits.slots))
  const waiting = waits(sql)
  return sql<WaitingTask[]>`
    with recursive head as (
      (select priority, owner from tasks where ${waiting} order by priority, owner limit 1)
      union all
      select n.* from head h cross join lateral (
        select priority, owner from tasks where ${waiting} and (priority, owner) > (h.priority, h.owner)
        order by priority, owner limit 1) n
    ), video as (
      select h.priority, h.owner, v.video_at, v.video_id from head h cross join lateral (
        with recursive found as (
          (select video_at, video_id, 1 as n from tasks
           where ${waiting} and priority = h.priority and owner = h.owner order by video_at, video_id limit 1)
          union all
          select n.video_at, n.video_id, f.n + 1 from found f cross join lateral (
            select video_at, video_id from tasks
            where ${waiting} and priority = h.priority and owner = h.owner
              and (video_at, video_id) > (f.video_at, f.video_id)
            order by video_at, video_id limit 1) n
          where f.n < ${videos}::int
        ) select * from found) v
    ), busy as materialized (
      select priority, owner, video_id, count(*) as n from (
        select priority, owner, video_id from tasks where state = 'running' and kind <> 'fetch'
        union all
        select priority, owner, video_id from tasks where state = 'queued' and announced_at is not null and kind <> 'fetch'
      ) at_work group by priority, owner, video_id
    ), busy_owner as (
      select owner, sum(n) as n from busy group by owner
    ), busy_priority as (
      select priority, sum(n) as n from busy group by priority
    ), candidate as (
      select v.*, t.id, t.rank, coalesce(b.n, 0) + row_number() over (partition by v.video_id order by t.rank) as video_turn,
        case when b.n is null then waiting_class(v.priority, t.run_at) else v.priority end as class
      from video v cross join lateral (
        select id, rank, run_at from tasks
        where ${waiting} and priority = v.priority and owner = v.owner and video_at = v.video_at and video_id = v.video_id
        order by rank limit greatest(4, 2 * ${room}::int / (select count(*) from video))) t
      left join busy b using (video_id)
    ), by_owner as (
      select c.*, coalesce(b.n, 0) + row_number() over (
          partition by class, priority, owner order by video_turn, video_at, video_id, rank) as owner_turn
      from candidate c left join busy_owner b using (owner)
    ), by_class as (
      select id, class, priority, (coalesce(b.n, 0) + row_number() over (
          partition by class, priority order by owner_turn, video_turn, video_at, video_id, rank))
        * case when class < priority then ${risenWeight}::int else 1 end as class_turn
      from by_owner o left join busy_priority b using (priority)
    ), chosen as (
      select id, row_number() over (order by class, class_turn, priority) as turn from by_class
      order by turn limit ${room}::int
    )
    select t.id, t.stream_id from chosen join tasks t using (id)
    where ${waiting} order by chosen.turn for no key update of t skip locked`
}
