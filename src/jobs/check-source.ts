import { StepladderError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { sourceNotFound } from './owns-source.ts'

export type FoundSource = { etag: string; bytes: number }

/**
 * Size and ETag of a source object, to be pinned. Throws `source_not_found`, `empty_source`,
 * `source_too_large`, and `storage_unavailable` when the store does not answer.
 */
export async function checkSource(
  storage: Pick<Storage, 'head'>,
  key: string,
  maxBytes: number,
): Promise<FoundSource> {
  const found = await storage.head(key)
  if (!found) throw sourceNotFound(key)
  if (found.bytes === 0) throw new StepladderError('empty_source', `the object ${key} has no bytes`)
  if (found.bytes > maxBytes) {
    throw new StepladderError(
      'source_too_large',
      `the object ${key} has ${found.bytes} bytes and ${maxBytes} are allowed`,
    )
  }
  return found
}
