import { json, type Query, type Transaction } from '../db.ts'
import { ownedBy } from './owned-by.ts'
import type { VideoStatus } from './state.ts'

/**
 * LOCK: the video's row first, as its own statement, before a transaction changes the video or more
 * than one of its tasks. A count taken in the same statement as the lock would see the snapshot from
 * before the wait. Null when there is no such video, or none of this owner.
 */
export async function lockVideo(
  tx: Transaction,
  videoId: string,
  owner?: string,
): Promise<{ status: VideoStatus } | null> {
  const [row] = await tx<{ status: VideoStatus }[]>`
    select status from videos where id = ${videoId} and ${ownedBy(tx, owner)} for no key update`
  return row ?? null
}

/** One line of the video's timeline, numbered per video; under LOCK. */
export async function recordEvent(
  tx: Query,
  videoId: string,
  kind: string,
  data: object = {},
): Promise<void> {
  await tx`
    with v as (update videos set event_seq = event_seq + 1, updated_at = now() where id = ${videoId} returning event_seq)
    insert into events (video_id, seq, kind, data) select ${videoId}, v.event_seq, ${kind}, ${json(tx, data)} from v`
}

/** The folders are compared with the rows soon, and once more when late uploads have come in. */
export async function scheduleCollection(tx: Query, ...prefixes: string[]): Promise<void> {
  await tx`
    insert into collections (prefix, due_at) select prefix, now() from unnest(${prefixes}::text[]) prefix
    on conflict (prefix) do update set due_at = now(), passes = 0`
}
