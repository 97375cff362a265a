import { type Database, transaction } from '../db.ts'
import { discardWork } from './discard-work.ts'
import { isRetryable } from './retry.ts'
import { lockVideo } from './video-lock.ts'

/** The finished pieces of failed and cancelled videos, kept for a retry, go after `keepMs`. */
export async function expireSegments(sql: Database, keepMs: number): Promise<void> {
  const old = await sql<{ id: string }[]>`
    select id from videos where status in ('failed', 'cancelled') and discarded_at is null
      and completed_at < now() - ${keepMs} * interval '1 ms'
    order by completed_at limit 20`
  for (const { id } of old) {
    await transaction(sql, async (tx) => {
      const video = await lockVideo(tx, id)
      if (!video || !isRetryable(video.status)) return
      await discardWork(tx, id)
    })
  }
}
