import { type Database, json, type Transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import { discardWork } from './discard-work.ts'
import { endOnce, endRun } from './end-run.ts'
import { fetchedPrefix, processedPrefix } from './object-keys.ts'
import type { Owned } from './state.ts'
import { lockVideo, recordEvent, scheduleCollection } from './video-lock.ts'

export type Failure = { code: string; message: string; stderr?: string }

/**
 * Transition 11: the task failed for good, so the video failed and its other tasks stop. Finished
 * pieces are kept for a retry, unless `discard`: those of a source that is itself at fault are of no
 * use. Throws FencedError.
 */
export async function failTask(
  sql: Database,
  owned: Owned,
  failure: Failure,
  { discard }: { discard: boolean } = { discard: false },
): Promise<void> {
  await endOnce(sql, owned, 'failed', async (tx) => {
    await lockVideo(tx, owned.videoId)
    const rows = await tx`
      update tasks set state = 'failed', worker_id = null, lease_until = null, error = ${json(tx, failure)}
      where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id`
    if (rows.length === 0) throw new FencedError()
    await endRun(tx, owned, 'failed', failure)
    await stopVideo(tx, owned.videoId, 'failed', failure)
    if (discard) await discardWork(tx, owned.videoId)
  })
}

/**
 * STOP: the video is terminal and none of its tasks is queued or running any more, with higher fences,
 * so that every owner finds out at its next statement. Under LOCK.
 */
export async function stopVideo(
  tx: Transaction,
  videoId: string,
  status: 'failed' | 'cancelled',
  failure: Failure | null,
): Promise<void> {
  await tx`
    update videos set status = ${status}, error_code = ${failure?.code ?? null}, error_message = ${failure?.message ?? null},
           completed_at = now(), updated_at = now()
    where id = ${videoId} and status in ('queued', 'processing')`
  await tx`
    with stopped as (
      update tasks set state = 'cancelled', fence = fence + 1, worker_id = null, lease_until = null
      where video_id = ${videoId} and state in ('queued', 'running') returning id
    )
    update task_runs set ended_at = clock_timestamp(), outcome = 'cancelled'
    where task_id in (select id from stopped) and ended_at is null`
  await recordEvent(tx, videoId, status, failure ? { code: failure.code, message: failure.message } : {})
  await scheduleCollection(tx, processedPrefix(videoId))
  await scheduleCollection(tx, fetchedPrefix(videoId))
}
