import type { StoredSegment } from '../stored.ts'
import { measureBandwidth } from './bandwidth.ts'

/** One picture that needs no other, as a range of its segment; shown until the next. */
export type IFrame = { key: string; offset: number; bytes: number; duration_s: number }

/** What the segments of a rung say of them: the fragments' table (`FragmentEntry`). */
export type FragmentedSegment = Pick<StoredSegment, 'key' | 'duration' | 'fragments'>

/**
 * The first picture of each fragment, which is a GOP. The range goes from the moof to the end of the first
 * sample, so that it ends within the mdat, as in what Apple's tools make.
 */
export function iframesOf(segments: readonly FragmentedSegment[], timescale: number): IFrame[] {
  const starts = segments.flatMap(({ key, fragments }) =>
    fragments.map(([offset, bytes, , decodeTime]) => ({ key, offset, bytes, decodeTime })),
  )
  const end = segments.reduce((sum, { duration }) => sum + duration, 0)
  return starts.map(({ decodeTime, ...frame }, at) => ({
    ...frame,
    duration_s: ((starts[at + 1]?.decodeTime ?? end) - decodeTime) / timescale,
  }))
}

/** Whole seconds that no picture is shown longer than, as EXT-X-TARGETDURATION has it. */
export function iframeTargetDuration(frames: readonly IFrame[]): number {
  return Math.max(1, ...frames.map(({ duration_s }) => Math.round(duration_s)))
}

/** The rates of the pictures alone (RFC 8216 §4.3.4.3). */
export function iframeBandwidth(frames: readonly IFrame[]): { peakBps: number; averageBps: number } {
  return measureBandwidth(frames, iframeTargetDuration(frames))
}
