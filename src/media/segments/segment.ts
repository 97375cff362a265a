import { StepladderError } from '../../errors.ts'
import { startsWithEmptyEdit } from '../mp4/edit-list.ts'
import { readFragment, rebaseFragment } from '../mp4/fragments.ts'
import { readSampleDefaults, type SampleDefaults } from '../mp4/sample-runs.ts'
import { sha256Of } from '../sha256.ts'
import type { FragmentEntry } from '../stored.ts'
import type { Picture } from './pictures.ts'

/** One segment as it is uploaded and committed: `frames` from `firstFrame` on, the same in every track. */
export type Segment = {
  /** Position within its task. */
  idx: number
  /** On the video's frame grid; for audio, AAC frames since the start. */
  firstFrame: number
  frames: number
  tracks: Map<string, SegmentTrack>
}

/** `duration` is in the track's timescale; the decode times in `fragments` are absolute. */
export type SegmentTrack = { bytes: Buffer; sha256: string; duration: number; fragments: FragmentEntry[] }

/** A fragment that was checked and moved to its place in the whole track. */
export type PlacedFragment = {
  moof: Buffer
  mdat: Buffer
  decodeTime: number
  duration: number
  frames: number
  syncBytes: number
}

/** Takes what a run's init says of its samples; throws `bad_head` when it says that the run's head is missing. */
export function checkInit(init: Buffer): SampleDefaults {
  if (startsWithEmptyEdit(init)) {
    throw new StepladderError('bad_head', 'the output starts later than its first frame was due')
  }
  return readSampleDefaults(init)
}

/**
 * Checks one fragment of a run and moves it, in place, to where the run starts in the track.
 * Throws `bad_head` when the run's first one does not start at zero, `decode_gap`
 * when a later one does not start where the last ended, `no_sync` when it does not start with a sync
 * sample and `bad_box` when moof and mdat do not belong together.
 */
export function placeFragment(options: {
  moof: Buffer
  mdat: Buffer
  defaults: SampleDefaults
  /** Where the fragment must start within the run, and where the run starts in the track. */
  expectedTime: number
  runStart: number
  sequence: number
}): PlacedFragment {
  const { moof, mdat, defaults, expectedTime, runStart, sequence } = options
  const { decodeTime, duration, frames, syncBytes, totalBytes, startsWithSync } = readFragment(moof, defaults)
  if (decodeTime !== expectedTime) {
    const code = expectedTime === 0 ? 'bad_head' : 'decode_gap'
    throw new StepladderError(code, `a fragment starts at ${decodeTime} where ${expectedTime} was due`)
  }
  if (!startsWithSync) {
    throw new StepladderError('no_sync', `the fragment at ${decodeTime} starts without a sync sample`)
  }
  if (totalBytes !== moof.length + mdat.length) {
    throw new StepladderError(
      'bad_box',
      `moof and mdat have ${moof.length + mdat.length} bytes, their tables ${totalBytes}`,
    )
  }
  rebaseFragment(moof, { addDecodeTime: runStart, sequence })
  return { moof, mdat, decodeTime: decodeTime + runStart, duration, frames, syncBytes }
}

/** Joins fragments that follow each other into one track's part of a segment. */
export function joinFragments(parts: readonly PlacedFragment[]): SegmentTrack {
  const bytes = Buffer.concat(parts.flatMap(({ moof, mdat }) => [moof, mdat]))
  const fragments: FragmentEntry[] = []
  let offset = 0
  let duration = 0
  for (const part of parts) {
    fragments.push([offset, part.syncBytes, part.frames, part.decodeTime])
    offset += part.moof.length + part.mdat.length
    duration += part.duration
  }
  return { bytes, sha256: sha256Of(bytes), duration, fragments }
}

/** Joins the pictures of a segment of `frames`: a fragment is one JPEG, its times are those of the rungs. */
export function joinPictures(
  pictures: readonly Picture[],
  { frames, frameDuration }: { frames: number; frameDuration: number },
): SegmentTrack {
  const bytes = Buffer.concat(pictures.map(({ jpeg }) => jpeg))
  const fragments: FragmentEntry[] = []
  let offset = 0
  for (const { frame, jpeg } of pictures) {
    fragments.push([offset, jpeg.length, 1, frame * frameDuration])
    offset += jpeg.length
  }
  return { bytes, sha256: sha256Of(bytes), duration: frames * frameDuration, fragments }
}
