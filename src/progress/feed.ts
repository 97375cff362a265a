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
  /** Null until a row, or the message of its end, has told. */
  owner: string | null
  holders: number
  listeners: Set<Listener>
  look: () => Promise<void>
}
/** Those who watch all videos of one owner. */
type Audience = { holders: number; listeners: Set<Listener>; look: () => Promise<void> }

const mentionSchema = z.object({ video_id: z.uuid(), owner: z.string().nullable().default(null) })
type Mention = z.infer<typeof mentionSchema>
const lookBatch = 500
/** The feed of an owner begins with this many videos that are not over; the others come as they move. */
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
  const audiences = new Map<string, Audience>()
  const subscription = createSubscription({ subscriber: options.subscriber, log, onMessage })
  const sweeper = createSweeper({ sweep: lookAtAll, isUp: subscription.isUp, pollMs, resyncMs, log })
  let looks = 0

  /** Null when the owner has no such video. Throws when the database is down. */
  async function watch(videoId: string, owner: string): Promise<Watch | null> {
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
    if (entry.video.current() === 'deleted' || entry.owner !== owner) {
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

  /** The progress of all videos of an owner, beginning with those that are not over. Throws when the database is down. */
  async function watchAll(owner: string): Promise<Watch> {
    let mine: Listener | null = null
    const audience = audienceOf(owner)
    audience.holders += 1
    const stop = once(() => {
      if (mine) audience.listeners.delete(mine)
      audience.holders -= 1
      subscription.release(names.progressAllChannel)
      if (audience.holders === 0) audiences.delete(owner)
      if (audiences.size === 0) for (const entry of entries.values()) forgetIfIdle(entry)
    })
    await guarded(stop, async () => {
      await subscription.hold(names.progressAllChannel)
      await audience.look()
    })
    function follow(listener: Listener): void {
      mine = listener
      audience.listeners.add(listener)
      for (const entry of entries.values()) {
        const current = entry.video.current()
        if (entry.owner === owner && current && !isOver(current)) listener(entry.video.videoId, current)
      }
    }
    return { follow, stop }
  }

  function audienceOf(owner: string): Audience {
    const known = audiences.get(owner)
    if (known) return known
    const look = coalesce(async () => lookAtMany((await readActiveIds(sql, owner, maxActive)).map(entryOf)))
    const audience: Audience = { holders: 0, listeners: new Set(), look }
    audiences.set(owner, audience)
    return audience
  }

  function onMessage(_channel: string, text: string): void {
    const snapshot = parseSnapshot(text)
    if (!snapshot) {
      // Something happened to the video that is no progress: it was deleted, say, maybe long after its end.
      const mention = mentionIn(text)
      const entry = mention && heardOf(mention.video_id)
      if (!entry) return
      entry.owner ??= mention.owner
      void lookSoon(entry)
      return
    }
    const entry = heardOf(snapshot.video_id)
    // Only the row says whose it is, and so who may be told.
    if (entry && entry.owner === null) void lookSoon(entry)
    if (!entry || entry.owner === null) return
    const heard = entry.video.hear(snapshot, text)
    if (!heard) return
    if (heard === 'confirm') void lookSoon(entry)
    else tell(entry, heard)
  }

  function heardOf(videoId: string): Entry | undefined {
    return audiences.size > 0 ? entryOf(videoId) : entries.get(videoId)
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
      entry.owner ??= rows.get(id)?.owner ?? null
      const look = { row: rows.get(id) ?? null, kept: kept.get(id) ?? null, live, number }
      const change = entry.video.see({ ...look, heardBefore: heardBefore[at] ?? 0 })
      if (change) tell(entry, change)
      forgetIfIdle(entry)
    }
  }

  function tell(entry: Entry, change: Change): void {
    // A listener may leave while it is told; a Set goes on with the others.
    for (const listener of entry.listeners) listener(entry.video.videoId, change)
    const audience = entry.owner === null ? undefined : audiences.get(entry.owner)
    for (const listener of audience?.listeners ?? []) listener(entry.video.videoId, change)
  }

  function entryOf(videoId: string): Entry {
    const known = entries.get(videoId)
    if (known) return known
    const look = coalesce(() => lookAtMany([entry]))
    const entry: Entry = {
      video: createWatchedVideo(videoId),
      owner: null,
      holders: 0,
      listeners: new Set(),
      look,
    }
    entries.set(videoId, entry)
    return entry
  }

  function forgetIfIdle(entry: Entry): void {
    const current = entry.video.current()
    if (entry.holders > 0 || (audiences.size > 0 && !(current && isOver(current)))) return
    if (entries.get(entry.video.videoId) === entry) entries.delete(entry.video.videoId)
  }

  async function lookAtAll(): Promise<void> {
    for (const owner of audiences.keys()) {
      for (const id of await readActiveIds(sql, owner, maxActive)) entryOf(id)
    }
    const all = [...entries.values()]
    for (let at = 0; at < all.length; at += lookBatch) await lookAtMany(all.slice(at, at + lookBatch))
  }

  return { watch, watchAll, close: () => sweeper.stop() }
}

function mentionIn(text: string): Mention | null {
  try {
    return mentionSchema.parse(JSON.parse(text))
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
