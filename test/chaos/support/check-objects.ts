import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectGarbage } from '../../../src/jobs/collect.ts'
import { abortLostUploads } from '../../../src/jobs/collect-uploads.ts'
import type { Storage } from '../../../src/storage.ts'
import { checkPicture } from './check-picture.ts'
import { checkPlaylists } from './check-playlists.ts'
import type { Acknowledged, CheckedSystem, Finding } from './finding.ts'
import { type NamedObject, type NamedVideo, readNamedVideos } from './named-objects.ts'

const atOnce = 8
const writtenByRun = /^(?:processed|source)\/([^/]+)\/t\d+\/f\d+\//

/**
 * Lets the collector's second look, a quarter of an hour after the first, come now. It looks where the
 * rows of `collections` send it and nowhere else.
 */
export async function collectNow({ sql, storage }: CheckedSystem): Promise<void> {
  const waiting = async () => {
    // A worker may hold a folder just now: its row goes when the folder is done.
    await sql`update collections set passes = 1, due_at = now() where passes = 0`
    const [row] = await sql<{ folders: number }[]>`select count(*)::int as folders from collections`
    return row?.folders ?? 0
  }
  await sql`update collections set passes = 1, due_at = now()`
  while ((await waiting()) > 0) {
    await collectGarbage(sql, storage)
    await sleep(50)
  }
  await abortLostUploads(sql, storage)
}

/**
 * The bucket holds what the rows name, byte for byte, and nothing else that a run wrote; of each
 * completed video the playlists name the same, and the picture of the first `decoded` has its frames.
 */
export async function checkObjects(
  system: CheckedSystem,
  acknowledged: readonly Acknowledged[],
  decoded: number,
): Promise<Finding[]> {
  const { sql, storage } = system
  const listed = [...(await storage.list('processed/')), ...(await storage.list('source/'))]
  const videos = await readNamedVideos(sql)
  const sizes = new Map(listed.map(({ key, bytes }) => [key, bytes]))
  const byId = new Map(videos.map((video) => [video.id, video]))
  const ours = acknowledged.flatMap((one) => {
    const video = byId.get(one.videoId)
    return video ? [{ ...one, video }] : []
  })
  const sample = new Set(ours.filter(({ video }) => video.status === 'completed').slice(0, decoded))
  const found = await inTurns(ours, async (one) => {
    const faults = await checkStored(storage, one.video, sizes)
    if (one.video.status === 'completed') faults.push(...(await checkCompleted(storage, one)))
    // What is known to be damaged need not be decoded to see that.
    if (faults.length === 0 && sample.has(one)) faults.push(...(await checkPicture(storage, one.video)))
    return faults
  })
  return [...found, ...(await checkUnnamed(system, { keys: [...sizes.keys()], videos }))]
}

async function checkCompleted(
  storage: Storage,
  one: Acknowledged & { video: NamedVideo },
): Promise<Finding[]> {
  const { video, frames } = one
  const unready = video.tracks.filter((track) => track.state !== 'ready' && track.state !== 'skipped')
  const found = unready.map((track): Finding => {
    return { video: video.id, fact: 'track_unready', detail: `${track.name} is ${track.state}` }
  })
  const lengths = video.tracks.filter((track) => track.frames !== null)
  for (const track of lengths) {
    if (track.frames === (frames ?? lengths[0]?.frames)) continue
    const detail = `${track.name} has ${track.frames} frames, not ${frames ?? lengths[0]?.frames}`
    found.push({ video: video.id, fact: 'frames_wrong', detail })
  }
  return [...found, ...(await checkPlaylists(storage, video))]
}

/** Each named object is there with its size and its hash; of some the key alone tells the hash's beginning. */
async function checkStored(
  storage: Storage,
  video: NamedVideo,
  sizes: ReadonlyMap<string, number>,
): Promise<Finding[]> {
  return inTurns(video.objects, async (object) => {
    const size = sizes.get(object.key)
    const wrong = (fact: Finding['fact'], detail: string) => [{ video: video.id, fact, detail }]
    if (size === undefined) return wrong('object_missing', object.key)
    if (object.bytes !== null && size !== object.bytes) {
      return wrong('object_altered', `${object.key} has ${size} bytes, not ${object.bytes}`)
    }
    const expected = expectedHash(object)
    if (expected === null) return []
    const bytes = await buffer(storage.read(object.key, AbortSignal.timeout(60_000)))
    const hash = createHash('sha256').update(bytes).digest('hex')
    return hash.startsWith(expected) ? [] : wrong('object_altered', `${object.key} has the sha256 ${hash}`)
  })
}

/** Null for an MP4, which is uploaded as it is read: its key has a random part. */
function expectedHash({ key, sha256 }: NamedObject): string | null {
  if (sha256 !== null) return sha256
  return key.endsWith('.mp4') ? null : (/-([0-9a-f]{16})\.\w+$/.exec(key)?.[1] ?? null)
}

/** What a run wrote and no row names. Collection has been here. */
async function checkUnnamed(
  { sql }: CheckedSystem,
  bucket: { keys: readonly string[]; videos: readonly NamedVideo[] },
): Promise<Finding[]> {
  const sources = await sql<{ key: string }[]>`select key from sources`
  const named = new Set([
    ...bucket.videos.flatMap((video) => video.objects.map((object) => object.key)),
    ...sources.map((source) => source.key),
  ])
  return bucket.keys.flatMap((key) => {
    const video = writtenByRun.exec(key)?.[1] ?? (key.startsWith('processed/') ? null : undefined)
    return video === undefined || named.has(key)
      ? []
      : [{ video, fact: 'object_unnamed' as const, detail: key }]
  })
}

/** A few at a time, in their order. */
async function inTurns<T>(items: readonly T[], job: (item: T) => Promise<Finding[]>): Promise<Finding[]> {
  const found: Finding[] = []
  for (let start = 0; start < items.length; start += atOnce) {
    found.push(...(await Promise.all(items.slice(start, start + atOnce).map(job))).flat())
  }
  return found
}
