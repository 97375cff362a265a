import { type Database, type Transaction, transaction } from '../db.ts'
import { addNext } from './complete-task.ts'
import { dropTasks } from './drop-tasks.ts'
import { startOver } from './replan.ts'
import type { VideoStatus } from './state.ts'
import { lockVideo, recordEvent } from './video-lock.ts'
import { isSeen } from './workers.ts'

export type RetryResult = 'retried' | 'not_retryable' | 'not_found'

/** What the caller found out about the source: unchanged since it was pinned, or another object now. */
export type SourceNow = { changed: false } | { changed: true; etag: string; bytes: number }

/** `badTasks`: of which committed objects are missing or wrong; they are made again. */
export type Findings = SourceNow & { badTasks?: readonly number[] }

/**
 * Transition 14, by a person: a failed or cancelled video runs again and keeps its finished work,
 * unless the source is another one now; then it is pinned anew and everything starts over. So it does if
 * pieces are left to make and no live worker has the ffmpeg of those that are there: the two would not
 * fit together. Attempts and crashes begin at 0 again, fences never do.
 */
export async function retryVideo(sql: Database, videoId: string, found: Findings): Promise<RetryResult> {
  return transaction(sql, async (tx) => {
    const video = await lockVideo(tx, videoId)
    if (!video) return 'not_found'
    if (!isRetryable(video.status)) return 'not_retryable'
    const { badTasks = [] } = found
    if (found.changed) {
      await tx`update videos set source_etag = ${found.etag}, source_size_bytes = ${found.bytes} where id = ${videoId}`
    } else if (badTasks.length > 0) await discardTasks(tx, videoId, badTasks)
    const buildGone = !found.changed && (await isBuildGone(tx, videoId))
    if (found.changed || buildGone) await startOver(tx, videoId, {})
    else await requeue(tx, videoId)
    await recordEvent(tx, videoId, 'retried', {
      source_changed: found.changed,
      ...(buildGone && { build_changed: true }),
      ...(badTasks.length > 0 && { bad_tasks: badTasks.length }),
    })
    return 'retried'
  })
}

export function isRetryable(status: VideoStatus): boolean {
  return status === 'failed' || status === 'cancelled'
}

async function requeue(tx: Transaction, videoId: string): Promise<void> {
  // NEXT adds them again in their turn: an MP4 and a quality task must not start before all tracks are there.
  await dropTasks(
    tx,
    videoId,
    tx`(t.kind = 'finish' or (t.kind in ('mp4', 'quality') and t.state <> 'done'))`,
  )
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

/** What these tasks made is forgotten, so that they are made again. Their objects are collected at the next end. */
async function discardTasks(tx: Transaction, videoId: string, taskIds: readonly number[]): Promise<void> {
  const ids = tx([...taskIds])
  await tx`delete from segments where task_id in ${ids}`
  await tx`update tasks set state = 'cancelled', result = null where video_id = ${videoId} and id in ${ids}`
  await tx`
    update resolutions r set mp4_key = null, mp4_size_bytes = null from tasks t
    where r.video_id = ${videoId} and t.video_id = r.video_id and t.kind = 'mp4' and t.position = r.position and t.id in ${ids}`
}

/** While no worker is there at all nothing is known, and the pieces are kept. */
async function isBuildGone(tx: Transaction, videoId: string): Promise<boolean> {
  const [row] = await tx<{ gone: boolean }[]>`
    with live as (select build from workers where ${isSeen(tx)})
    select exists (select from live) and not exists (select from live where build = v.plan ->> 'build')
      and exists (select from tasks where video_id = v.id and kind in ('video', 'audio') and state <> 'done') as gone
    from videos v where id = ${videoId} and plan is not null`
  return row?.gone ?? false
}
