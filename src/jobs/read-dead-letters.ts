import type { Database, Query } from '../db.ts'
import type { Place } from './read-videos.ts'
import type { TaskKind } from './state.ts'

/**
 * A failed video. `kind` and `position` name the task that failed it, null when it has none any more;
 * `attempts` counts its runs that ended with a fault, `crashes` those that ended their worker.
 */
export type DeadLetter = {
  videoId: string
  kind: TaskKind | null
  position: number | null
  code: string
  message: string
  attempts: number
  crashes: number
  at: Date
}

/** Failed videos, the latest failure first, at most `limit`, after the place where the page before ended. */
export async function readDeadLetters(
  sql: Database,
  query: { limit: number; after: Place | null },
): Promise<{ letters: DeadLetter[]; next: Place | null }> {
  const { limit, after } = query
  const rows = await sql<(DeadLetter & { place: string })[]>`
    select ${letterColumns(sql)}, to_char(v.completed_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place
    from videos v ${failedTask(sql)} where v.status = 'failed' and v.completed_at is not null
      and ${after ? sql`(v.completed_at, v.id) < (${after.createdAt}::text::timestamptz, ${after.id}::uuid)` : sql`true`}
    order by v.completed_at desc, v.id desc limit ${limit + 1}`
  const letters = rows.slice(0, limit).map(({ place: _, ...letter }) => letter)
  const last = rows[limit - 1]
  return {
    letters,
    next: rows.length > limit && last ? { createdAt: last.place, id: last.videoId } : null,
  }
}

/** Those of `videoIds` that are failed now, the earliest failure first. */
export async function readLettersOf(sql: Database, videoIds: readonly string[]): Promise<DeadLetter[]> {
  if (videoIds.length === 0) return []
  return sql<DeadLetter[]>`
    select ${letterColumns(sql)} from videos v ${failedTask(sql)}
    where v.status = 'failed' and v.completed_at is not null and v.id in ${sql([...videoIds])} order by v.completed_at, v.id`
}

function letterColumns(sql: Query) {
  return sql`
    v.id as "videoId", t.kind, t.position, coalesce(v.error_code, 'internal_error') as code,
    coalesce(v.error_message, '') as message,
    coalesce(t.attempts, 0) as attempts, coalesce(t.crashes, 0) as crashes, v.completed_at as at`
}

function failedTask(sql: Query) {
  return sql`left join lateral (
    select kind, position, crashes, (select count(*)::int from task_runs r
      where r.task_id = tasks.id and r.outcome in ('retried', 'failed')) as attempts
    from tasks where video_id = v.id and state = 'failed' order by id desc limit 1) t on true`
}
