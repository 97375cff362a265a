import type { Database } from '../db.ts'
import type { Storage } from '../storage.ts'
import { garbageAmong } from './collect.ts'
import { isRunKey } from './object-keys.ts'

/**
 * Aborts the uploads in parts that killed processes left open: no listing of objects shows them, yet
 * they fill the store. Only those of runs, for somebody may be uploading a source right now. Returns
 * their number.
 */
export async function abortLostUploads(
  sql: Database,
  storage: Pick<Storage, 'listUploads' | 'abortUpload'>,
): Promise<number> {
  const ours = (await storage.listUploads()).filter(({ key }) => isRunKey(key))
  const garbage = new Set(
    await garbageAmong(
      sql,
      ours.map(({ key }) => key),
    ),
  )
  const lost = ours.filter(({ key }) => garbage.has(key))
  for (const upload of lost) await storage.abortUpload(upload)
  return lost.length
}
