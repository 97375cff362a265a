import type { Database } from '../db.ts'
import { StepladderError } from '../errors.ts'
import { ownedBy } from './owned-by.ts'
import { isOver } from './upload-state.ts'

/**
 * The key of an upload that an address may be signed for, which then lives on for `keepS`. An address that
 * was signed before a job came holds on; the job has pinned what it found (`source_changed`). Throws
 * `upload_not_found`, `upload_expired` and, once a video names the object, `upload_in_use`.
 */
export async function prolongUpload(
  sql: Database,
  id: string,
  keepS: number,
  owner?: string,
): Promise<{ key: string }> {
  const [row] = await sql<{ key: string }[]>`
    update uploads u set expires_at = now() + ${keepS} * interval '1 s'
    where id = ${id} and ${ownedBy(sql, owner)} and not ${isOver(sql)} and not exists (select from sources s where s.key = u.key)
    returning key`
  if (row) return row
  const [found] = await sql<{ named: boolean }[]>`
    select exists (select from sources s where s.key = u.key) as named from uploads u
    where id = ${id} and ${ownedBy(sql, owner)}`
  if (!found) throw uploadNotFound(id)
  if (found.named) throw uploadInUse(id)
  throw new StepladderError('upload_expired', `the upload ${id} expired: begin a new one`)
}

export function uploadNotFound(id: string): StepladderError {
  return new StepladderError('upload_not_found', `there is no upload ${id}`)
}

export function uploadInUse(id: string): StepladderError {
  return new StepladderError(
    'upload_in_use',
    `a video was made of the upload ${id}: delete the video instead`,
  )
}
