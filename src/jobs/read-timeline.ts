import type { Database, Query } from '../db.ts'
import { ownedBy } from './owned-by.ts'

/** A line of a video's timeline: an event, or `run` for one run of one task, at the time it began. */
export type TimelineEntry = { at: Date; kind: string; data: Record<string, unknown> }

/** More runs than any sane video has; the latest are left out beyond it. */
const maxRuns = 20_000

/** The events of a video, in order of time; null when there is no such video. */
export async function readEvents(
  sql: Database,
  videoId: string,
  owner?: string,
): Promise<TimelineEntry[] | null> {
  const [video] = await sql`select from videos where id = ${videoId} and ${ownedBy(sql, owner)}`
  if (!video) return null
  return sql<TimelineEntry[]>`
    select at, kind, data from events where video_id = ${videoId} and kind <> 'run' order by at, seq`
}

/** The same merged with the runs of the video's tasks. */
export async function readTimeline(
  sql: Database,
  videoId: string,
  owner?: string,
): Promise<TimelineEntry[] | null> {
  const [video] = await sql`select from videos where id = ${videoId} and ${ownedBy(sql, owner)}`
  if (!video) return null
  return sql<TimelineEntry[]>`
    select at, kind, data from (
      select e.at, e.kind, e.data, 0 as class, e.seq::bigint as n from events e where e.video_id = ${videoId}
      union all (
        select r.started_at, 'run', ${runFacts(sql)}, 1, t.id
        from tasks t join task_runs r on r.task_id = t.id where t.video_id = ${videoId}
        order by r.started_at limit ${maxRuns})
    ) lines order by at, class, n`
}

/**
 * What the timeline tells of a run `r` of a task `t`. `error` is all that its end left: `code`, `message`
 * and, where a media program was the cause, its last words as `stderr`.
 */
export function runFacts(sql: Query) {
  return sql`jsonb_build_object(
    'task_id', t.id, 'task', t.kind, 'position', t.position, 'fence', r.fence, 'worker', r.worker_id,
    'attempt', r.attempt, 'crashes', r.crashes, 'first_idx', r.first_idx,
    'started_at', r.started_at, 'ended_at', r.ended_at, 'outcome', r.outcome, 'error', r.error)`
}
