import { type Database, transaction } from '../db.ts'
import type { Storage } from '../storage.ts'
import { discardWork } from './discard-work.ts'
import { lockVideo } from './video-lock.ts'

/** Video, task and fence of an object that a run wrote, as `object-keys.ts` names it. */
const runKey =
  '^(?:processed|source)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/t([0-9]{1,18})/f([0-9]{1,18})/'

/** A second look after this long finds what fenced workers were still uploading. */
const secondLookS = 900

/**
 * Compares folders that are due with the rows and removes what nothing names. Returns the number of
 * objects removed. A fault leaves the folder due.
 */
export async function collectGarbage(
  sql: Database,
  storage: Pick<Storage, 'list' | 'remove'>,
): Promise<number> {
  const due = await sql<{ prefix: string; passes: number }[]>`
    select prefix, passes from collections where due_at <= now() order by due_at limit 20`
  let removed = 0
  for (const { prefix, passes } of due) {
    const keys = (await storage.list(prefix)).map((object) => object.key).filter((key) => liesIn(key, prefix))
    const garbage = await garbageAmong(sql, keys)
    await storage.remove(garbage)
    removed += garbage.length
    if (passes > 0) await sql`delete from collections where prefix = ${prefix} and passes = ${passes}`
    else {
      await sql`update collections set passes = 1, due_at = now() + ${secondLookS} * interval '1 s'
                where prefix = ${prefix} and passes = 0`
    }
  }
  return removed
}

/** A prefix without a slash at its end is one source's whole key: `source/film` is not `source/film.mp4`. */
function liesIn(key: string, prefix: string): boolean {
  return prefix.endsWith('/') || key === prefix
}

/**
 * The keys that are garbage: no row names them and their task is not running at their fence. One
 * statement, after the listing: together the two stay true once true, so age is no part of safety.
 */
export async function garbageAmong(sql: Database, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return []
  const rows = await sql<{ key: string }[]>`
    with k as (
      select key, m[1]::uuid as video_id, m[2]::bigint as task_id, m[3]::bigint as fence
      from unnest(${[...keys]}::text[]) key
      left join lateral regexp_match(key, ${runKey}::text) m on true
    ), v as (select distinct video_id from k where video_id is not null), named as (
      select o.value ->> 'key' as key from v join tasks t using (video_id) join segments s on s.task_id = t.id,
        lateral (select value from jsonb_each(s.objects -> 'tracks') union all
                 select value from jsonb_each(s.objects -> 'inits')) o
      union all
      select unnest(array[r.playlist_key, r.mp4_key, r.init ->> 'key']) from v join resolutions r using (video_id)
      union all
      select s ->> 'key' from v join resolutions r using (video_id), jsonb_array_elements(r.segments) s
      union all
      select unnest(array[r.playlist_key, r.init ->> 'key']) from v join tracks r using (video_id)
      union all
      select s ->> 'key' from v join tracks r using (video_id), jsonb_array_elements(r.segments) s
      union all
      select o.value from v join videos on videos.id = v.video_id, jsonb_each_text(videos.outputs) o
      union all
      select s.key from sources s join k on k.key = s.key
      union all
      select u.key from uploads u join k on k.key = u.key
    )
    select k.key from k
    where not exists (select from named n where n.key = k.key)
      and not exists (select from tasks t where t.id = k.task_id and t.fence = k.fence and t.state = 'running')`
  return rows.map((row) => row.key)
}

/** Uploads nobody made a job of are forgotten an hour after their URL ran out; their objects are collected. */
export async function expireUploads(sql: Database): Promise<void> {
  await sql`
    with gone as (
      delete from uploads u where expires_at < now() - interval '1 h'
        and not exists (select from sources s where s.key = u.key) returning key
    )
    insert into collections (prefix, due_at) select key, now() from gone on conflict do nothing`
}

/** The finished pieces of failed and cancelled videos, kept for a retry, go after `keepMs`. */
export async function expireSegments(sql: Database, keepMs: number): Promise<void> {
  const old = await sql<{ id: string }[]>`
    select v.id from videos v where status in ('failed', 'cancelled')
      and completed_at < now() - ${keepMs} * interval '1 ms' and exists (
        select from tasks t left join segments s on s.task_id = t.id
        where t.video_id = v.id and t.kind not in ('fetch', 'plan') and (t.state = 'done' or s.idx is not null))
    limit 20`
  for (const { id } of old) {
    await transaction(sql, async (tx) => {
      const video = await lockVideo(tx, id)
      if (video?.status !== 'failed' && video?.status !== 'cancelled') return
      await discardWork(tx, id)
    })
  }
}
