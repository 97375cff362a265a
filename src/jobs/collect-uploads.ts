import type { Database } from '../db.ts'
import type { Storage } from '../storage.ts'
import { endedAmong } from './garbage.ts'
import { isRunKey } from './object-keys.ts'

type Uploads = Pick<Storage, 'listUploads' | 'abortUpload'>

/**
 * Aborts the uploads in parts that killed processes or people left open: no listing of objects shows
 * them, yet they fill the store. Those of runs that no task runs, and those of uploads that were closed;
 * what people send below `source/` with a client of their own is theirs. Returns their number.
 */
export async function abortLostUploads(sql: Database, storage: Uploads): Promise<number> {
  return abortLost(sql, storage, await storage.listUploads())
}

/** The same for the key of one upload, which the store finds though it forgot what was begun before its start. */
export async function abortClosedUploads(sql: Database, storage: Uploads, key: string): Promise<number> {
  return abortLost(sql, storage, await storage.listUploads(key))
}

async function abortLost(
  sql: Database,
  storage: Uploads,
  open: Awaited<ReturnType<Storage['listUploads']>>,
): Promise<number> {
  const keys = open.map(({ key }) => key)
  // A request to begin an upload that was tried again leaves a second one beside an object that a row names.
  const over = new Set(await endedAmong(sql, keys.filter(isRunKey)))
  const closed = await sql<{ key: string }[]>`
    select key from uploads where closed_at is not null and key = any(${keys}::text[])`
  for (const { key } of closed) over.add(key)
  const lost = open.filter(({ key }) => over.has(key))
  for (const upload of lost) await storage.abortUpload(upload)
  return lost.length
}
