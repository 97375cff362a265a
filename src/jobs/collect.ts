import type { Database } from '../db.ts'
import type { Storage } from '../storage.ts'
import { abortClosedUploads } from './collect-uploads.ts'
import { garbageAmong } from './garbage.ts'

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
  storage: Pick<Storage, 'list' | 'remove' | 'listUploads' | 'abortUpload'>,
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
  storage: Pick<Storage, 'list' | 'remove' | 'listUploads' | 'abortUpload'>,
  prefix: string,
): Promise<number> {
  const keys = (await storage.list(prefix)).map((object) => object.key).filter((key) => liesIn(key, prefix))
  const garbage = await garbageAmong(sql, keys)
  await storage.remove(garbage)
  if (!prefix.endsWith('/')) await abortClosedUploads(sql, storage, prefix)
  return garbage.length
}

/** A prefix without a slash at its end is one source's whole key: `source/film` is not `source/film.mp4`. */
function liesIn(key: string, prefix: string): boolean {
  return prefix.endsWith('/') || key === prefix
}
