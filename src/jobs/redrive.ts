import type { Database } from '../db.ts'
import { StepladderError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { checkSource } from './check-source.ts'
import { findBadTasks } from './find-bad-tasks.ts'
import { ownedBy } from './owned-by.ts'
import { isRetryable, type RetryResult, retryVideo, type SourceNow } from './retry.ts'
import type { VideoStatus } from './state.ts'

export type Redriver = { sql: Database; storage: Pick<Storage, 'head' | 'list'>; maxSourceBytes: number }

/**
 * A person's retry of one failed or cancelled video: looks at the source and at what is made already, then
 * queues what is left. The caller tells progress and wakes dispatcher and courier. Throws what
 * `checkSource` throws.
 */
export async function redriveVideo(
  redriver: Redriver,
  videoId: string,
  owner?: string,
): Promise<RetryResult> {
  const { sql, storage } = redriver
  const [video] = await sql<{ status: VideoStatus; source_key: string | null; source_etag: string | null }[]>`
    select status, source_key, source_etag from videos where id = ${videoId} and ${ownedBy(sql, owner)}`
  if (!video) return 'not_found'
  if (!isRetryable(video.status)) return 'not_retryable'
  const source = await sourceNow(redriver, video)
  const badTasks = source.changed ? [] : await findBadTasks(sql, storage, videoId)
  return retryVideo(sql, videoId, { ...source, badTasks })
}

/**
 * The same for many, one after another. A source that is gone or no source any more is that video's
 * result and stops no other; anything else that is thrown ends it.
 */
export async function redriveVideos(
  redriver: Redriver,
  videoIds: readonly string[],
): Promise<{ videoId: string; result: RetryResult | 'no_source'; reason?: string }[]> {
  const results: { videoId: string; result: RetryResult | 'no_source'; reason?: string }[] = []
  for (const videoId of videoIds) {
    try {
      results.push({ videoId, result: await redriveVideo(redriver, videoId) })
    } catch (error) {
      if (!isSourceFault(error)) throw error
      results.push({ videoId, result: 'no_source', reason: error.message })
    }
  }
  return results
}

/** True when a retry was refused because of the source itself, not because the store is away. */
export function isSourceFault(error: unknown): error is StepladderError {
  return (
    error instanceof StepladderError && /^(source_not_found|empty_source|source_too_large)$/.test(error.code)
  )
}

/** A source that was never fetched is not there to have changed. */
async function sourceNow(
  { storage, maxSourceBytes }: Redriver,
  video: { source_key: string | null; source_etag: string | null },
): Promise<SourceNow> {
  if (video.source_key === null) return { changed: false }
  const found = await checkSource(storage, video.source_key, maxSourceBytes)
  return found.etag === video.source_etag ? { changed: false } : { changed: true, ...found }
}
