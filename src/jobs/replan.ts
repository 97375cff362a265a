import { type Database, json, type Transaction, transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import { dropTasks } from './drop-tasks.ts'
import { endRun } from './end-run.ts'
import type { Failure } from './fail.ts'
import { processedPrefix } from './object-keys.ts'
import { type Owned, taskRank } from './state.ts'
import { lockVideo, recordEvent, scheduleCollection } from './video-lock.ts'

/** A video that was planned this often and still does not come out right is given up. */
export const maxGenerations = 4

/**
 * Cutting was the cause of a fault: everything made so far is thrown away and the video is planned
 * again as one piece. Throws FencedError.
 */
export async function replanVideo(sql: Database, owned: Owned, reason: Failure): Promise<void> {
  await transaction(sql, async (tx) => {
    await lockVideo(tx, owned.videoId)
    const rows = await tx`
      select id from tasks where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running'
      for no key update`
    if (rows.length === 0) throw new FencedError()
    await endRun(tx, owned, 'failed', reason)
    await startOver(tx, owned.videoId, { single_chunk: reason.code })
    await recordEvent(tx, owned.videoId, 'replanned', { code: reason.code, message: reason.message })
  })
}

/** Back to a single `plan` task; the next generation's tasks, segments and playlists are new ones. Under LOCK. */
export async function startOver(tx: Transaction, videoId: string, planInput: object): Promise<void> {
  await dropTasks(tx, videoId, tx`true`)
  await tx`delete from resolutions where video_id = ${videoId}`
  await tx`delete from tracks where video_id = ${videoId}`
  await tx`
    update videos set status = 'queued', plan = null, tasks_total = 0, tasks_done = 0, generation = generation + 1,
           error_code = null, error_message = null, cancel_requested_at = null, completed_at = null, outputs = null,
           findings = null, discarded_at = null, updated_at = now()
    where id = ${videoId}`
  await tx`insert into tasks (video_id, kind, rank, input)
           values (${videoId}, 'plan', ${taskRank('plan', 0)}, ${json(tx, planInput)})`
  await scheduleCollection(tx, processedPrefix(videoId))
}
