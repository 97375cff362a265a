import type { Database } from '../db.ts'
import { endOnce, markDone } from './end-run.ts'
import { fetchedPrefix } from './object-keys.ts'
import { type Owned, taskRank } from './state.ts'
import { lockVideo, recordEvent, scheduleCollection } from './video-lock.ts'

/** The source is in the bucket under `key`: the video names it and its plan task is queued. Throws FencedError. */
export async function completeFetch(
  sql: Database,
  owned: Owned,
  source: { key: string; etag: string; bytes: number; sha256: string },
): Promise<void> {
  await endOnce(sql, owned, 'done', async (tx) => {
    const { bytes, sha256 } = source
    await lockVideo(tx, owned.videoId)
    await markDone(tx, owned, { bytes, sha256 })
    await tx`insert into sources (key, owner) select ${source.key}, owner from videos where id = ${owned.videoId}`
    await tx`update videos set source_key = ${source.key}, source_etag = ${source.etag},
             source_size_bytes = ${bytes} where id = ${owned.videoId}`
    // The full URL may carry a signature or a password: it has served its purpose.
    await tx`update tasks set input = '{}' where id = ${owned.taskId}`
    await tx`insert into tasks (video_id, kind, rank) values (${owned.videoId}, 'plan', ${taskRank('plan', 0)})`
    await recordEvent(tx, owned.videoId, 'fetched', { bytes, sha256 })
    // An earlier run may have died between its upload and its commit.
    if (owned.fence > 1) await scheduleCollection(tx, fetchedPrefix(owned.videoId))
  })
}
