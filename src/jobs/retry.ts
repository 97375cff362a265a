import { type Database, transaction } from '../db.ts'
import { addNext } from './complete-task.ts'
import { dropTasks } from './drop-tasks.ts'
import { startOver } from './replan.ts'
import type { VideoStatus } from './state.ts'
import { lockVideo, recordEvent } from './video-lock.ts'

export type RetryResult = 'retried' | 'not_retryable' | 'not_found'

/** What the caller found out about the source: unchanged since it was pinned, or another object now. */
export type SourceNow = { changed: false } | { changed: true; etag: string; bytes: number }

/**
 * Transition 14, by a person: a failed or cancelled video runs again and keeps its finished work,
 * unless the source is another one now; then it is pinned anew and everything starts over. Attempts
 * and crashes begin at 0 again, fences never do.
 */
export async function retryVideo(sql: Database, videoId: string, source: SourceNow): Promise<RetryResult> {
  return transaction(sql, async (tx) => {
    const video = await lockVideo(tx, videoId)
    if (!video) return 'not_found'
    if (!retryable(video.status)) return 'not_retryable'
    if (source.changed) {
      await tx`update videos set source_etag = ${source.etag}, source_size_bytes = ${source.bytes} where id = ${videoId}`
      await startOver(tx, videoId, {})
    } else {
      // NEXT adds them again in their turn: an MP4 must not start before all tracks are there.
      await dropTasks(tx, videoId, tx`(t.kind = 'finish' or (t.kind = 'mp4' and t.state <> 'done'))`)
      await tx`
        update tasks set state = 'queued', attempt = 0, crashes = 0, run_at = now(), announced_at = null, error = null
        where video_id = ${videoId} and state in ('failed', 'cancelled')`
      await tx`
        update videos set status = case when plan is null then 'queued' else 'processing' end,
               error_code = null, error_message = null, cancel_requested_at = null, completed_at = null, discarded_at = null,
               updated_at = now(),
               tasks_done = (select count(*) from tasks where video_id = ${videoId} and state = 'done'
                             and kind not in ('fetch', 'plan', 'finish'))
        where id = ${videoId}`
      await addNext(tx, videoId)
    }
    await recordEvent(tx, videoId, 'retried', { source_changed: source.changed })
    return 'retried'
  })
}

function retryable(status: VideoStatus): boolean {
  return status === 'failed' || status === 'cancelled'
}
