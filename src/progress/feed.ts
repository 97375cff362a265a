import { z } from 'zod'
import type { Database } from '../db.ts'
import type { Log } from '../log.ts'
import type { Redis, RedisNames } from '../redis.ts'
import { coalesce } from './coalesce.ts'
import { lookAt } from './look.ts'
import { readActiveIds } from './read-rows.ts'
import { createSubscription } from './subscription.ts'
import { createSweeper } from './sweeper.ts'
import { type Change, createWatchedVideo, isOver, parseSnapshot, type WatchedVideo } from './watched-video.ts'

export type Listener = (videoId: string, change: Change) => void
/** `follow` tells one listener what is known at once and then every change; `stop` ends it and may come twice. */
export type Watch = { follow(listener: Listener): void; stop(): void }
export type Feed = ReturnType<typeof createFeed>

type Entry = {
  video: WatchedVideo
  holders: number
  listeners: Set<Listener>
  look: () => Promise<void>
}

const mentionSchema = z.object({ video_id: z.uuid() })
const lookBatch = 500
/** The feed of all begins with this many videos that are not over; the others come as they move. */
const maxActive = 1_000

/**
 * The progress of videos for any number of watchers: one subscription a process, each message read
 * once. Messages are only the fast way. The database is looked at when somebody comes, when a message
 * says a video is over, every `resyncMs`, and every `pollMs` while Redis is away.
 */
export function createFeed(options: {
  sql: Database
  redis: Redis
  subscriber: Redis
  names: RedisNames
  log: Log
  pollMs?: number
  resyncMs?: number
}) {
  const { sql, names, log, pollMs = 2_000, resyncMs = 10_000 } = options
  const entries = new Map<string, Entry>()
  const everything = { holders: 0, listeners: new Set<Listener>() }
  const subscription = createSubscription({ subscriber: options.subscriber, log, onMessage })
  const lookAtActive = coalesce(async () => lookAtMany((await readActiveIds(sql, maxActive)).map(entryOf)))
  const sweeper = createSweeper({ sweep: lookAtAll, isUp: subscription.isUp, pollMs, resyncMs, log })
  let looks = 0

  /** Null when there is no such video. Throws when the database is down. */
  async function watch(videoId: string): Promise<Watch | null> {
    const entry = entryOf(videoId)
    const channel = names.progressChannel(videoId)
    let mine: Listener | null = null
    entry.holders += 1
    const stop = once(() => {
      if (mine) entry.listeners.delete(mine)
      entry.holders -= 1
      subscription.release(channel)
      forgetIfIdle(entry)
    })
    await guarded(stop, async () => {
      await subscription.hold(channel)
      await entry.look()
    })
    if (entry.video.current() === 'deleted') {
      stop()
      return null
    }
    function follow(listener: Listener): void {
      mine = listener
      entry.listeners.add(listener)
      const current = entry.video.current()
      if (current) listener(videoId, current)
    }
    return { follow, stop }
  }

  /** Every video's progress, beginning with those that are not over. Throws when the database is down. */
  async function watchAll(): Promise<Watch> {
    let mine: Listener | null = null
    everything.holders += 1
    const stop = once(() => {
      if (mine) everything.listeners.delete(mine)
      everything.holders -= 1
      subscription.release(names.progressAllChannel)
      if (everything.holders === 0) for (const entry of entries.values()) forgetIfIdle(entry)
    })
    await guarded(stop, async () => {
      await subscription.hold(names.progressAllChannel)
      await lookAtActive()
    })
    function follow(listener: Listener): void {
      mine = listener
      everything.listeners.add(listener)
      for (const { video } of entries.values()) {
        const current = video.current()
        if (current && !isOver(current)) listener(video.videoId, current)
      }
    }
    return { follow, stop }
  }

  function onMessage(_channel: string, text: string): void {
    const snapshot = parseSnapshot(text)
    if (!snapshot) {
      // Something happened to the video that is no progress: it was deleted, say, maybe long after its end.
      const id = mentionedIn(text)
      const entry = everything.holders > 0 && id !== null ? entryOf(id) : entries.get(id ?? '')
      if (entry) void lookSoon(entry)
      return
    }
    const id = snapshot.video_id
    const entry = everything.holders > 0 ? entryOf(id) : entries.get(id)
    const heard = entry?.video.hear(snapshot, text)
    if (!entry || !heard) return
    if (heard === 'confirm') void lookSoon(entry)
    else tell(entry, heard)
  }

  async function lookSoon(entry: Entry): Promise<void> {
    try {
      await entry.look()
    } catch {
      // The database is down, which the sweeps report; the next one finds out.
      sweeper.makeDue()
    }
  }

  async function lookAtMany(list: readonly Entry[]): Promise<void> {
    const number = ++looks
    const heardBefore = list.map(({ video }) => video.heard())
    const ids = list.map(({ video }) => video.videoId)
    const { rows, kept, live } = await lookAt(options, ids)
    for (const [at, entry] of list.entries()) {
      const id = entry.video.videoId
      const look = { row: rows.get(id) ?? null, kept: kept.get(id) ?? null, live, number }
      const change = entry.video.see({ ...look, heardBefore: heardBefore[at] ?? 0 })
      if (change) tell(entry, change)
      forgetIfIdle(entry)
    }
  }

  function tell(entry: Entry, change: Change): void {
    // A listener may leave while it is told; a Set goes on with the others.
    for (const listener of entry.listeners) listener(entry.video.videoId, change)
    for (const listener of everything.listeners) listener(entry.video.videoId, change)
  }

  function entryOf(videoId: string): Entry {
    const known = entries.get(videoId)
    if (known) return known
    const look = coalesce(() => lookAtMany([entry]))
    const entry: Entry = {
      video: createWatchedVideo(videoId),
      holders: 0,
      listeners: new Set(),
      look,
    }
    entries.set(videoId, entry)
    return entry
  }

  function forgetIfIdle(entry: Entry): void {
    const current = entry.video.current()
    if (entry.holders > 0 || (everything.holders > 0 && !(current && isOver(current)))) return
    if (entries.get(entry.video.videoId) === entry) entries.delete(entry.video.videoId)
  }

  async function lookAtAll(): Promise<void> {
    if (everything.holders > 0) for (const id of await readActiveIds(sql, maxActive)) entryOf(id)
    const all = [...entries.values()]
    for (let at = 0; at < all.length; at += lookBatch) await lookAtMany(all.slice(at, at + lookBatch))
  }

  return { watch, watchAll, close: () => sweeper.stop() }
}

function mentionedIn(text: string): string | null {
  try {
    return mentionSchema.parse(JSON.parse(text)).video_id
  } catch {
    return null // not ours: anybody may publish on a channel
  }
}

function once(release: () => void): () => void {
  let held = true
  return () => {
    if (held) release()
    held = false
  }
}

async function guarded(stop: () => void, start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    stop()
    throw error
  }
}
