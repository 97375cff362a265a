import type { Database } from '../db.ts'
import { isOver } from './upload-state.ts'

export type UploadRow = {
  id: string
  key: string
  filename: string | null
  size_bytes: number | null
  content_type: string | null
  created_at: Date
  expires_at: Date
  over: boolean
  named: boolean
  /** The latest first. */
  videos: string[]
}

const mostVideos = 100

/** One upload and the videos that were made of it, 100 at most; null when there is none. */
export async function readUpload(sql: Database, id: string, owner: string): Promise<UploadRow | null> {
  const [row] = await sql<UploadRow[]>`
    select u.id, u.key, u.filename, u.size_bytes, u.content_type, u.created_at, u.expires_at, ${isOver(sql)} as over,
      exists (select from sources s where s.key = u.key) as named,
      (select coalesce(array_agg(id), '{}') from (
        select v.id from videos v where v.source_key = u.key and v.owner = u.owner order by v.created_at desc, v.id desc limit ${mostVideos}
      ) v)::text[] as videos
    from uploads u where u.id = ${id} and u.owner = ${owner}`
  return row ?? null
}
