import { type Database, transaction } from '../db.ts'
import { stopVideo } from './fail.ts'
import { isTerminal, type VideoStatus } from './state.ts'
import { lockVideo } from './video-lock.ts'

/**
 * Transition 13: terminal at once; no worker has to agree. Its beats find no row and kill ffmpeg.
 * Returns the status found: a terminal one was left as it is; null = no such video.
 */
export async function cancelVideo(
  sql: Database,
  videoId: string,
  owner?: string,
): Promise<VideoStatus | null> {
  return transaction(sql, async (tx) => {
    const video = await lockVideo(tx, videoId, owner)
    if (!video || isTerminal(video.status)) return video?.status ?? null
    await tx`update videos set cancel_requested_at = now() where id = ${videoId}`
    await stopVideo(tx, videoId, 'cancelled', null)
    return video.status
  })
}
