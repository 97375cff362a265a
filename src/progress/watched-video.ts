import { isDeepStrictEqual } from 'node:util'
import { isTerminal } from '../jobs/state.ts'
import type { ProgressRow } from './read-rows.ts'
import { reconcile } from './reconcile.ts'
import { type ProgressSnapshot, progressSnapshotSchema } from './snapshot.ts'

/** What watchers are to be told: a whole snapshot with its JSON on one line, or that the video is gone. */
export type Change = { snapshot: ProgressSnapshot; json: string } | 'deleted'

export type WatchedVideo = ReturnType<typeof createWatchedVideo>

/**
 * What this process knows of one video, from two sources: messages, which may be lost, doubled or late,
 * and looks at the database, which are true but may be overtaken by a message while they are on the way.
 */
export function createWatchedVideo(videoId: string) {
  let current: Change | null = null
  let published: ProgressSnapshot | null = null
  let messages = 0
  let seen = 0

  /**
   * A message; null when it tells nothing new. `confirm`: the row must be asked, since only it knows
   * whether the video is over and where in the queue it stands.
   */
  function hear(snapshot: ProgressSnapshot, json: string): Change | 'confirm' | null {
    if (snapshot.seq <= (published?.seq ?? 0)) return null
    published = snapshot
    messages += 1
    if (isTerminal(snapshot.status) || snapshot.stage === 'queued') return 'confirm'
    const shown = notBackwards(snapshot)
    // Passed on as it came: an event is one line, and JSON of ours has no line ends.
    const untouched = shown === snapshot && !/[\r\n]/.test(json)
    current = { snapshot: shown, json: untouched ? json : JSON.stringify(shown) }
    return current
  }

  /** The row's count and the published one differ a little; who saw the higher one keeps it. */
  function notBackwards<T extends Omit<ProgressSnapshot, 'seq'>>(next: T): T {
    const before = known()
    if (before?.status !== 'processing' || next.status !== 'processing') return next
    return next.percent < before.percent ? { ...next, percent: before.percent } : next
  }

  function known(): ProgressSnapshot | null {
    return current === null || current === 'deleted' ? null : current.snapshot
  }

  /**
   * What a look found: the row, null when there is none, and the snapshot kept in Redis. `number` counts
   * the looks in the order in which they began, `heardBefore` is `heard()` at that time. Null when
   * watchers know all of it.
   */
  function see(look: {
    row: ProgressRow | null
    kept: ProgressSnapshot | null
    live: boolean
    number: number
    heardBefore: number
  }): Change | null {
    const { row, kept, live, number, heardBefore } = look
    if (number < seen) return null
    seen = number
    if (!row) {
      const news = current !== 'deleted'
      current = 'deleted'
      return news ? current : null
    }
    // A message came in meanwhile and may be younger than the row; but what is over stays over.
    if (messages !== heardBefore && !isTerminal(row.status) && current) return null
    if (kept && kept.seq > (published?.seq ?? 0)) published = kept
    return settle(row, notBackwards(reconcile({ row, published, live })))
  }

  function settle(row: ProgressRow, content: Omit<ProgressSnapshot, 'seq'>): Change | null {
    const before = known()
    if (before && isDeepStrictEqual({ ...content, seq: before.seq }, before)) return null
    const same =
      published && isDeepStrictEqual({ ...content, seq: published.seq }, published) ? published : null
    const newer = Math.max(row.updated_at_ms, (published?.seq ?? 0) + 1, (before?.seq ?? 0) + 1)
    const snapshot = { ...content, seq: same?.seq ?? newer }
    current = { snapshot, json: JSON.stringify(snapshot) }
    return current
  }

  return { videoId, hear, see, heard: () => messages, current: () => current }
}

/** Null for anything that is not a snapshot. */
export function parseSnapshot(json: string | null | undefined): ProgressSnapshot | null {
  if (!json) return null
  try {
    const parsed = progressSnapshotSchema.safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : null
  } catch {
    return null // not JSON
  }
}

export function isOver(change: Change): boolean {
  return change === 'deleted' || isTerminal(change.snapshot.status)
}
