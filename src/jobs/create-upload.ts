import type { Query } from '../db.ts'
import { uploadKey } from './object-keys.ts'

/** What the uploader says of the file; nothing of it is believed. */
export type UploadFields = {
  owner?: string
  filename: string | null
  sizeBytes: number | null
  contentType: string | null
}
export type NewUpload = { id: string; key: string; createdAt: Date }

const nothingSaid: UploadFields = { filename: null, sizeBytes: null, contentType: null }

/** Remembers a key that presigned requests may write for `keepS`, so that it can be collected if no job ever names it. */
export async function createUpload(
  sql: Query,
  keepS: number,
  { owner = 'default', filename, sizeBytes, contentType }: UploadFields = nothingSaid,
): Promise<NewUpload> {
  const id = crypto.randomUUID()
  const key = uploadKey(id)
  const [row] = await sql<{ created_at: Date }[]>`
    insert into uploads (id, owner, key, filename, size_bytes, content_type, expires_at)
    values (${id}, ${owner}, ${key}, ${filename}, ${sizeBytes}, ${contentType}, now() + ${keepS} * interval '1 s')
    returning created_at`
  if (!row) throw new Error('an insert returned no row')
  return { id, key, createdAt: row.created_at }
}
