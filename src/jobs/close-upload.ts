import { type Database, type Transaction, transaction } from '../db.ts'
import { ownedBy } from './owned-by.ts'
import { tryPass } from './passes.ts'
import { uploadInUse, uploadNotFound } from './prolong-upload.ts'
import { scheduleCollection } from './video-lock.ts'

const batch = 1_000
/** A presigned PUT is checked when it begins; none that began in time lasts longer than this. */
const rememberedDays = 7

/**
 * Ends an upload that somebody gave up. Closed already is no error. Throws `upload_not_found`, and
 * `upload_in_use` where a video names its object.
 */
export async function discardUpload(sql: Database, id: string, owner?: string): Promise<void> {
  await transaction(sql, async (tx) => {
    const [upload] = await tx<{ key: string; closed: boolean }[]>`
      select key, closed_at is not null as closed from uploads
      where id = ${id} and ${ownedBy(tx, owner)} for update`
    if (!upload) throw uploadNotFound(id)
    // A statement of its own behind the lock: a job that we waited for has committed by now.
    const named = await tx`select from sources where key = ${upload.key}`
    if (named.length > 0) throw uploadInUse(id)
    if (!upload.closed) await closeUploads(tx, [upload.key])
  })
}

/**
 * Closes uploads whose time is over: what no job named is collected. The row stays for a week and until
 * that is done, so that the object of a PUT that ends late is known as ours.
 */
export async function expireUploads(sql: Database): Promise<void> {
  await tryPass(sql, 'uploads', async (tx) => {
    // An upload that somebody signs for or makes a job of right now is left for the next pass.
    const over = await tx<{ key: string }[]>`
      select key from uploads where closed_at is null and expires_at <= now()
      order by expires_at limit ${batch} for update skip locked`
    await closeUploads(
      tx,
      over.map(({ key }) => key),
    )
    await tx`
      delete from uploads u where closed_at < now() - ${rememberedDays} * interval '1 day'
        and not exists (select from collections c where c.prefix = u.key)`
  })
}

/**
 * From here on the key names nothing, unless a video does: no address is signed and no job is made
 * (`submitVideo` locks the row too), so that the object and its parts may go. The rows must be locked.
 */
async function closeUploads(tx: Transaction, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await tx`update uploads set closed_at = now() where key = any(${[...keys]}::text[])`
  await scheduleCollection(tx, ...keys)
}
