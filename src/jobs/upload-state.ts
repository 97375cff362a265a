import type { Query } from '../db.ts'

export type UploadState = 'waiting' | 'uploaded' | 'expired'

/** SQL: no address is signed for it any more. Closed, or about to be by the next pass: all routes say the same. */
export function isOver(sql: Query) {
  return sql`(closed_at is not null or expires_at <= now())`
}

/**
 * The one idea of an upload's state. It is kept nowhere: a row cannot know what the store has, and would
 * have to be told by every route that finds out. `storedBytes` is null where there is no object.
 */
export function uploadState(upload: {
  over: boolean
  named: boolean
  sizeBytes: number | null
  storedBytes: number | null
}): UploadState {
  // A video's source stays as long as the video, whatever became of the upload.
  if (upload.named) return 'uploaded'
  if (upload.over) return 'expired'
  if (upload.storedBytes === null) return 'waiting'
  return upload.sizeBytes === null || upload.sizeBytes === upload.storedBytes ? 'uploaded' : 'waiting'
}
