import type { Database } from '../db.ts'
import type { Redis, RedisNames } from '../redis.ts'
import { type OwnedRow, readProgressRows } from './read-rows.ts'
import type { ProgressSnapshot } from './snapshot.ts'
import { parseSnapshot } from './watched-video.ts'

export type Look = {
  rows: Map<string, OwnedRow>
  kept: Map<string, ProgressSnapshot>
  /** False when Redis did not answer. */
  live: boolean
}

/**
 * The state of videos in both stores. Redis first: its snapshots are written after the rows, so a row
 * read later is never older than the snapshot it is held against. Throws when the database is down.
 */
export async function lookAt(
  stores: { sql: Database; redis: Redis; names: RedisNames },
  ids: readonly string[],
): Promise<Look> {
  const kept = await readKept(stores.redis, stores.names, ids)
  const rows = await readProgressRows(stores.sql, ids)
  return { rows, kept: kept ?? new Map(), live: kept !== null }
}

/** The snapshots kept of those videos that have one, by id; null when Redis does not answer. */
export async function readKept(
  redis: Redis,
  names: RedisNames,
  ids: readonly string[],
): Promise<Map<string, ProgressSnapshot> | null> {
  try {
    const kept = new Map<string, ProgressSnapshot>()
    const texts = await Promise.all(ids.map((id) => redis.hget(names.progressKey(id), 'json')))
    for (const text of texts) {
      const snapshot = parseSnapshot(text)
      if (snapshot) kept.set(snapshot.video_id, snapshot)
    }
    return kept
  } catch {
    return null // Redis is down, which the connection itself reports
  }
}
