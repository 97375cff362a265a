import type { Query } from '../db.ts'
import { uploadKey } from './object-keys.ts'

export type Upload = { id: string; key: string; expiresAt: Date }

/** Remembers the key that a presigned PUT will write, so that it can be collected if no job ever names it. */
export async function createUpload(sql: Query, expiryS: number): Promise<Upload> {
  const id = crypto.randomUUID()
  const key = uploadKey(id)
  const [row] = await sql<{ expires_at: Date }[]>`
    insert into uploads (id, key, expires_at) values (${id}, ${key}, now() + ${expiryS} * interval '1 s')
    returning expires_at`
  if (!row) throw new Error('an insert returned no row')
  return { id, key, expiresAt: row.expires_at }
}
