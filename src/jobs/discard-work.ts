import type { Transaction } from '../db.ts'
import { processedPrefix } from './object-keys.ts'
import { scheduleCollection } from './video-lock.ts'

/**
 * Forgets every finished piece of a failed or cancelled video; its objects are then collected. A later
 * retry makes them anew. Under LOCK.
 */
export async function discardWork(tx: Transaction, videoId: string): Promise<void> {
  await tx`delete from segments where task_id in (select id from tasks where video_id = ${videoId})`
  await tx`update tasks set state = 'cancelled'
           where video_id = ${videoId} and state = 'done' and kind not in ('fetch', 'plan')`
  await tx`update resolutions set mp4_key = null, mp4_size_bytes = null where video_id = ${videoId}`
  await tx`update videos set tasks_done = 0, discarded_at = now() where id = ${videoId}`
  await scheduleCollection(tx, processedPrefix(videoId))
}
