import { ReplanError } from '../errors.ts'
import type { SegmentRow } from '../jobs/commit-segment.ts'
import { contentKey } from '../jobs/object-keys.ts'
import { codecString, trackTimescale } from '../media/mp4/codec-string.ts'
import { PICTURES_TRACK } from '../media/segments/pictures.ts'
import type { Segment } from '../media/segments/segment.ts'
import { sha256Of } from '../media/sha256.ts'
import type { SegmentObjects, StoredInit } from '../media/stored.ts'
import type { TaskRun, WorkerContext } from './context.ts'

/** JPEGs one after another. */
const jpegs = { extension: 'mjpeg', contentType: 'video/x-motion-jpeg' }

export type Inits = ReadonlyMap<string, Buffer>

/**
 * Uploads a segment, all its tracks at once, straight from memory. `inits` belong to the first segment
 * of a run: their hashes are committed with it, and with `keepInits` their bytes are stored too.
 * Returns the row to commit.
 */
export async function storeSegment(
  context: WorkerContext,
  run: TaskRun,
  segment: Segment,
  options: { contentType: string; inits: Inits | null; keepInits: boolean },
): Promise<SegmentRow> {
  const objects: SegmentObjects = { tracks: {}, inits: {} }
  const number = String(segment.idx).padStart(5, '0')
  const uploads: Promise<void>[] = []
  const upload = (key: string, bytes: Buffer, contentType = options.contentType) => {
    uploads.push(context.storage.put(key, bytes, { contentType, signal: run.signal }))
  }
  for (const [name, track] of segment.tracks) {
    const { extension, contentType } = name === PICTURES_TRACK ? jpegs : { ...options, extension: 'm4s' }
    const key = contentKey(run.task, `${name}-${number}`, track.sha256, extension)
    upload(key, track.bytes, contentType)
    const { sha256, duration, fragments } = track
    objects.tracks[name] = { key, bytes: track.bytes.length, sha256, duration, fragments }
  }
  for (const [name, init] of options.inits ?? []) {
    const described = describeInit(init)
    const key = options.keepInits ? contentKey(run.task, `${name}-init`, described.sha256, 'mp4') : null
    if (key !== null) upload(key, init)
    objects.inits[name] = { key, ...described }
  }
  context.reach('uploading')
  await Promise.all(uploads)
  context.reach('uploaded')
  return { idx: segment.idx, frames: segment.frames, objects }
}

function describeInit(init: Buffer): Omit<StoredInit, 'key'> {
  return {
    bytes: init.length,
    sha256: sha256Of(init),
    codec: codecString(init),
    timescale: trackTimescale(init),
  }
}

/**
 * All inits of a rung must be the same bytes, or its segments do not play behind one EXT-X-MAP. Other
 * ones come from another build of ffmpeg or from a run of one or two frames. Throws ReplanError.
 */
export function checkInits(inits: Inits, known: ReadonlyMap<string, string>): void {
  for (const [name, init] of inits) {
    const expected = known.get(name)
    if (expected !== undefined && expected !== sha256Of(init)) {
      throw new ReplanError('init_mismatch', `the pieces of ${name} were encoded in different ways`)
    }
  }
}

/** Of the rungs, as the progress counts them. */
export function bytesByTrack(row: SegmentRow): Record<string, number> {
  const rungs = Object.entries(row.objects.tracks).filter(([name]) => name !== PICTURES_TRACK)
  return Object.fromEntries(rungs.map(([name, track]) => [name, track.bytes]))
}
