import { type Database, sqlState, type Transaction, transaction } from '../db.ts'
import { fetchedPrefix, processedPrefix } from './object-keys.ts'
import { ownedBy } from './owned-by.ts'
import { scheduleCollection } from './video-lock.ts'

/**
 * Transition 15: the video and all its rows go; workers find no row and stop. The bucket's objects
 * are collected afterwards. Returns false when there is no such video.
 */
export async function removeVideo(sql: Database, videoId: string, owner?: string): Promise<boolean> {
  return transaction(sql, async (tx) => {
    const [video] = await tx<{ source_key: string | null }[]>`
      select source_key from videos where id = ${videoId} and ${ownedBy(tx, owner)} for update`
    if (!video) return false
    await tx`delete from videos where id = ${videoId}`
    await scheduleCollection(tx, processedPrefix(videoId))
    await scheduleCollection(tx, fetchedPrefix(videoId))
    if (video.source_key) await dropSource(tx, video.source_key)
    return true
  })
}

/** Forgets a source that no video names any more; its object is then collected. */
async function dropSource(tx: Transaction, key: string): Promise<void> {
  try {
    await tx.savepoint(async (part) => {
      // Before the source, as jobs lock them: the two would wait for each other.
      await part`select from uploads where key = ${key} for update`
      const rows = await part`
        delete from sources s where key = ${key} and not exists (select from videos v where v.source_key = s.key)
        returning key`
      if (rows.length === 0) return
      // Its address may hold on: what is sent there later is to be known as ours.
      await part`update uploads set closed_at = now() where key = ${key}`
      await scheduleCollection(part, key)
    })
  } catch (error) {
    // A job on the same source came in between: its foreign key keeps the row (23503).
    if (sqlState(error) !== '23503') throw error
  }
}
