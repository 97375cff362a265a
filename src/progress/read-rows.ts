import type { Database } from '../db.ts'
import { queuePosition } from '../jobs/read-videos.ts'
import type { VideoStatus } from '../jobs/state.ts'

/** What the rows know of a video's progress. */
export type ProgressRow = {
  id: string
  status: VideoStatus
  error_code: string | null
  error_message: string | null
  tasks_total: number
  tasks_done: number
  updated_at_ms: number
  total_frames: number | null
  /** Of a finished video, null before. */
  frames: number | null
  queue_position: number | null
  resolutions: { name: string; segments: number; bytes: number }[]
}

export type OwnedRow = ProgressRow & { owner: string }

/** The rows of those videos that exist, by id. */
export async function readProgressRows(
  sql: Database,
  ids: readonly string[],
): Promise<Map<string, OwnedRow>> {
  const rows = await sql<OwnedRow[]>`
    select v.id, v.owner, v.status, v.error_code, v.error_message, v.tasks_total, v.tasks_done,
      floor(extract(epoch from v.updated_at) * 1000)::bigint as updated_at_ms,
      (v.plan -> 'video' ->> 'expected_frames')::int as total_frames,
      (select max(r.frames) from resolutions r where r.video_id = v.id) as frames,
      ${queuePosition(sql)} as queue_position,
      (select coalesce(json_agg(json_build_object('name', r.name, 'bytes', coalesce(r.size_bytes, 0),
         'segments', coalesce(jsonb_array_length(r.segments), 0)) order by r.position), '[]')
       from resolutions r where r.video_id = v.id) as resolutions
    from videos v where v.id = any(${ids as string[]}::uuid[])`
  return new Map(rows.map((row) => [row.id, row]))
}

/** An owner's videos that are not over, running ones first, the oldest of each first, at most `limit`. */
export async function readActiveIds(sql: Database, owner: string, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    (select id from videos where status = 'processing' and owner = ${owner} order by created_at, id limit ${limit})
    union all
    (select id from videos where status = 'queued' and owner = ${owner} order by created_at, id limit ${limit})
    limit ${limit}`
  return rows.map((row) => row.id)
}
