import type { Database } from '../db.ts'
import type { Storage } from '../storage.ts'
import { processedPrefix } from './object-keys.ts'

/**
 * The tasks of a video of which a committed object is not in the bucket, or has another size: what they
 * made is to be made again. Asks the store once, and not at all for a video of which nothing is made.
 */
export async function findBadTasks(
  sql: Database,
  storage: Pick<Storage, 'list'>,
  videoId: string,
): Promise<number[]> {
  const named = await sql<{ task_id: number; key: string; bytes: number }[]>`
    select t.id as task_id, o.value ->> 'key' as key, (o.value ->> 'bytes')::bigint as bytes
    from tasks t join segments s on s.task_id = t.id,
      lateral (select value from jsonb_each(s.objects -> 'tracks') union all
               select value from jsonb_each(s.objects -> 'inits')) o
    where t.video_id = ${videoId} and o.value ->> 'key' is not null
    union all
    select t.id, r.mp4_key, r.mp4_size_bytes from resolutions r
    join tasks t on t.video_id = r.video_id and t.kind = 'mp4' and t.position = r.position
    where r.video_id = ${videoId} and r.mp4_key is not null`
  if (named.length === 0) return []
  const stored = new Map((await storage.list(processedPrefix(videoId))).map(({ key, bytes }) => [key, bytes]))
  const bad = named.filter(({ key, bytes }) => stored.get(key) !== bytes)
  return [...new Set(bad.map((row) => row.task_id))]
}
