import type { Database } from '../db.ts'
import type { Storage } from '../storage.ts'
import { runKeyPattern } from './object-keys.ts'

/** A second look after this long finds what fenced workers were still uploading. */
const secondLookS = 900

/** While one process compares a folder, the others leave it alone; one that died with it loses it after this. */
const leaseS = 120
const foldersAPass = 20

type Folder = { prefix: string; passes: number; leased_until: string }

/**
 * Compares folders that are due with the rows and removes what nothing names. Each is leased by moving
 * its time on, so that no transaction is open while the store lists. Returns the number of objects
 * removed. A fault leaves the folder due.
 */
export async function collectGarbage(
  sql: Database,
  storage: Pick<Storage, 'list' | 'remove'>,
): Promise<number> {
  let removed = 0
  for (let folders = 0; folders < foldersAPass; folders++) {
    const folder = await leaseFolder(sql)
    if (!folder) break
    try {
      removed += await collectFolder(sql, storage, folder.prefix)
    } catch (error) {
      await sql`update collections set due_at = now() where ${leased(sql, folder)}`
      throw error
    }
    if (folder.passes > 0) await sql`delete from collections where ${leased(sql, folder)}`
    else {
      await sql`update collections set passes = 1, due_at = now() + ${secondLookS} * interval '1 s'
                where ${leased(sql, folder)}`
    }
  }
  return removed
}

async function leaseFolder(sql: Database): Promise<Folder | undefined> {
  const [folder] = await sql<Folder[]>`
    update collections set due_at = now() + ${leaseS} * interval '1 s' where prefix in (
      select prefix from collections where due_at <= now() order by due_at limit 1 for update skip locked)
    returning prefix, passes, due_at::text as leased_until`
  return folder
}

/** The folder as we leased it: one scheduled again meanwhile keeps its new turn. */
function leased(sql: Database, folder: Folder) {
  return sql`prefix = ${folder.prefix} and due_at = ${folder.leased_until}::text::timestamptz`
}

async function collectFolder(
  sql: Database,
  storage: Pick<Storage, 'list' | 'remove'>,
  prefix: string,
): Promise<number> {
  const keys = (await storage.list(prefix)).map((object) => object.key).filter((key) => liesIn(key, prefix))
  const garbage = await garbageAmong(sql, keys)
  await storage.remove(garbage)
  return garbage.length
}

/** A prefix without a slash at its end is one source's whole key: `source/film` is not `source/film.mp4`. */
function liesIn(key: string, prefix: string): boolean {
  return prefix.endsWith('/') || key === prefix
}

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
