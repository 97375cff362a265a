import type { Chunk, VideoPlan } from '../model.ts'
import { fps } from './frame-rate.ts'
import type { Grid } from './grid.ts'

const LONGEST_CHUNK_S = 32
const SHORTEST_CHUNK_S = 8

/** Below this a second chunk costs more (its start, its pre-roll, about 15 MB read) than it saves. */
export const SINGLE_CHUNK_S = 12

/** Each chunk takes this part of what remains: guided self-scheduling, so that workers finish together. */
const SHARE = 1 / 3

/**
 * Cuts the grid into chunks of whole segments: 32 s each, tapering to 8 s towards the end. Chunk 0
 * begins with a segment of one GOP, so that something plays soon. The last chunk is open-ended,
 * since the container's promise is off by a frame at times; none is shorter than a segment.
 * `cuttable` false, no promise or a clip under 12 s: one chunk.
 */
export function planChunks(grid: Grid, cuttable: boolean): Chunk[] {
  const total = grid.expected_frames
  if (!cuttable || total === null || total < SINGLE_CHUNK_S * fps(grid.frame_rate)) {
    return [{ first_frame: 0, frames: null }]
  }
  const chunks: Chunk[] = []
  let first = 0
  for (;;) {
    const head = first === 0 ? grid.gop_frames : 0
    const frames = head + grid.segment_frames * segmentsOf(grid, total - first - head)
    if (total - first - frames < grid.segment_frames) break
    chunks.push({ first_frame: first, frames })
    first += frames
  }
  return [...chunks, { first_frame: first, frames: null }]
}

function segmentsOf(grid: Grid, remaining: number): number {
  const segmentS = grid.segment_frames / fps(grid.frame_rate)
  const shortest = Math.max(1, Math.round(SHORTEST_CHUNK_S / segmentS))
  const longest = Math.max(shortest, Math.round(LONGEST_CHUNK_S / segmentS))
  return Math.min(longest, Math.max(shortest, Math.floor((remaining * SHARE) / grid.segment_frames)))
}

type Cut = Pick<VideoPlan, 'gop_frames' | 'segment_frames'>

/** Frames of segment `index` of a chunk while the source lasts: two GOPs, but one for the very first. */
export function segmentFrames(plan: Cut, chunkIndex: number, index: number): number {
  return chunkIndex === 0 && index === 0 ? plan.gop_frames : plan.segment_frames
}

/** Where segment `index` begins, in frames from the start of its chunk. */
export function segmentStart(plan: Cut, chunkIndex: number, index: number): number {
  if (index === 0) return 0
  const shorter = chunkIndex === 0 ? plan.segment_frames - plan.gop_frames : 0
  return index * plan.segment_frames - shorter
}
