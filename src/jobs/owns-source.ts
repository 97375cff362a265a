import type { Query } from '../db.ts'
import { StepladderError } from '../errors.ts'

/**
 * Throws `source_not_found`, as for an object that is not there, where the key is of another owner: their
 * upload, or the source of a video of theirs. What people put below `source/` by themselves is of whoever
 * names it first.
 */
export async function checkOwnSource(sql: Query, key: string, owner: string): Promise<void> {
  const [row] = await sql<{ foreign: boolean }[]>`
    select exists (select from sources where key = ${key} and owner <> ${owner})
        or exists (select from uploads where key = ${key} and owner <> ${owner}) as foreign`
  if (row?.foreign) throw sourceNotFound(key)
}

export function sourceNotFound(key: string): StepladderError {
  return new StepladderError('source_not_found', `there is no object ${key} in the bucket`)
}
