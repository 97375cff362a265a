import type { Database } from '../db.ts'
import { runKeyPattern } from './object-keys.ts'

/**
 * The keys that are garbage: no row names them and their task is not running at their fence. Every text
 * in `videos.outputs` names an object, however deep it lies. One statement, after the listing: together
 * the two stay true once true, so age is no part of safety.
 */
export async function garbageAmong(sql: Database, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return []
  const rows = await sql<{ key: string }[]>`
    with k as (
      select key, m[1]::uuid as video_id, m[2]::bigint as task_id, m[3]::bigint as fence
      from unnest(${[...keys]}::text[]) key
      left join lateral regexp_match(key, ${runKeyPattern}::text) m on true
    ), v as (select distinct video_id from k where video_id is not null), named as (
      select o.value ->> 'key' as key from v join tasks t using (video_id) join segments s on s.task_id = t.id,
        lateral (select value from jsonb_each(s.objects -> 'tracks') union all
                 select value from jsonb_each(s.objects -> 'inits')) o
      union all
      select unnest(array[r.playlist_key, r.iframe_playlist_key, r.mp4_key, r.init ->> 'key'])
      from v join resolutions r using (video_id)
      union all
      select s ->> 'key' from v join resolutions r using (video_id), jsonb_array_elements(r.segments) s
      union all
      select unnest(array[r.playlist_key, r.init ->> 'key']) from v join tracks r using (video_id)
      union all
      select s ->> 'key' from v join tracks r using (video_id), jsonb_array_elements(r.segments) s
      union all
      select o #>> '{}' from v join videos on videos.id = v.video_id, jsonb_path_query(videos.outputs, 'strict $.**') o
      where jsonb_typeof(o) = 'string'
      union all
      select s.key from sources s join k on k.key = s.key
      union all
      select u.key from uploads u join k on k.key = u.key where u.closed_at is null
    )
    select k.key from k
    where not exists (select from named n where n.key = k.key)
      and not exists (select from tasks t where t.id = k.task_id and t.fence = k.fence and t.state = 'running')`
  return rows.map((row) => row.key)
}

/** The keys of runs that are over: nobody writes to them any more, though a row may name what was written. */
export async function endedAmong(sql: Database, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return []
  const rows = await sql<{ key: string }[]>`
    select key from unnest(${[...keys]}::text[]) key, lateral regexp_match(key, ${runKeyPattern}::text) m
    where not exists (
      select from tasks t where t.id = m[2]::bigint and t.fence = m[3]::bigint and t.state = 'running')`
  return rows.map((row) => row.key)
}
