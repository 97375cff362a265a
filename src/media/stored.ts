/** What was stored of a video, piece by piece, as it stands in `segments.objects` and in the rows of finished tracks. */
import { z } from 'zod'

/** One moof+mdat: [byte offset in its segment, bytes up to the end of the first sample, frames, decode time]. */
const fragmentSchema = z.tuple([z.int(), z.int(), z.int(), z.int()])
export type FragmentEntry = z.infer<typeof fragmentSchema>

export const storedSegmentSchema = z.object({
  key: z.string(),
  bytes: z.int().positive(),
  sha256: z.string(),
  /** In the track's timescale. */
  duration: z.int().positive(),
  fragments: z.array(fragmentSchema),
})
export type StoredSegment = z.infer<typeof storedSegmentSchema>

const storedInitSchema = z.object({
  /** Null where the bytes are checked only: the object belongs to the track's first segment. */
  key: z.string().nullable(),
  bytes: z.int().positive(),
  sha256: z.string(),
  codec: z.string(),
  timescale: z.int().positive(),
})
export type StoredInit = z.infer<typeof storedInitSchema>

/**
 * `segments.objects`: by track name (`1080p`, `audio-0`). `pictures` is a track of its own, without an
 * init, in the segments that have any: JPEGs one after another, each one fragment. `subtitle-0` has no init
 * either, and counts in milliseconds.
 */
export const segmentObjectsSchema = z.object({
  tracks: z.record(z.string(), storedSegmentSchema),
  inits: z.record(z.string(), storedInitSchema),
})
export type SegmentObjects = z.infer<typeof segmentObjectsSchema>
