import type { SegmentRow } from '../../../src/jobs/commit-segment.ts'
import type { FinishedRendition } from '../../../src/jobs/complete-finish.ts'
import { contentKey } from '../../../src/jobs/object-keys.ts'
import type { Owned } from '../../../src/jobs/state.ts'
import type { MediaInfo, Plan } from '../../../src/media/model.ts'
import type { StoredInit, StoredSegment } from '../../../src/media/stored.ts'

/** A film that is never encoded: so many chunks of two segments each, so many rungs, no sound. */
export type FilmSize = { chunks: number; rungs: number }

/** Plan, chunks, one MP4 a rung, finish. */
export function tasksOf({ chunks, rungs }: FilmSize): number {
  return 1 + chunks + rungs + 1
}

/** The size stands in the key, for that is what a plan task knows of its film. */
export function sourceKeyOf({ chunks, rungs }: FilmSize, videoId: string): string {
  return `source/bench-c${chunks}-r${rungs}/${videoId}`
}

export function sizeIn(sourceKey: string | null): FilmSize {
  const [, chunks, rungs] = /^source\/bench-c(\d+)-r(\d+)\//.exec(sourceKey ?? '') ?? []
  return { chunks: Number(chunks), rungs: Number(rungs) }
}

export const segmentsPerChunk = 2
const segmentFrames = 120
export const chunkFrames = segmentsPerChunk * segmentFrames
const frameDuration = 512
const hash = 'c'.repeat(64)

export function planOf({ chunks, rungs }: FilmSize): Plan {
  return {
    version: 1,
    profile: 'default',
    build: 'bench',
    video: {
      stream_index: 0,
      frame_rate: [30, 1],
      time_base: [1, 15_360],
      origin_ticks: 0,
      timescale: 15_360,
      frame_duration: frameDuration,
      gop_frames: segmentFrames / 2,
      segment_frames: segmentFrames,
      expected_frames: chunks * chunkFrames,
      source_width: 1920,
      source_height: 1080,
      source_start_s: 0,
      rotation: 0,
      deinterlace: null,
      tone_map: null,
      full_range: false,
      matrix: 'bt709',
      encoder: { codec: 'h264', preset: 'veryfast' },
      pictures: null,
      preroll_s: 2,
      chunks: Array.from({ length: chunks }, (_, index) => ({
        first_frame: index * chunkFrames,
        frames: chunkFrames,
      })),
      rungs: rungNames(rungs).map((name) => {
        return { name, width: 640, height: 360, crf: 23, max_bitrate_bps: 800_000, buffer_bits: 1_600_000 }
      }),
    },
    audio: [],
    subtitles: [],
    single_chunk: null,
    segment_s: 4,
    target_duration_s: 5,
    kept: [],
    skipped: [],
    warnings: [],
  }
}

export function mediaOf({ chunks }: FilmSize): MediaInfo {
  return {
    format: 'mov',
    start_s: 0,
    duration_s: (chunks * chunkFrames) / 30,
    size_bytes: 1_000_000,
    bitrate_bps: null,
    title: null,
    video: null,
    audio: [],
    subtitles: [],
  }
}

/** A segment as a run commits it, though nothing lies in the bucket. */
export function segmentOf(owned: Owned, idx: number, names: readonly string[]): SegmentRow {
  const tracks = Object.fromEntries(names.map((name) => [name, storedSegment(owned, name, idx)]))
  const inits = Object.fromEntries(idx === 0 ? names.map((name) => [name, storedInit(owned, name)]) : [])
  return { idx, frames: segmentFrames, objects: { tracks, inits } }
}

export function finishedTrack(owned: Owned, name: string, segments: number): FinishedRendition {
  return {
    name,
    codec: 'avc1.64001f',
    averageBps: 700_000,
    peakBps: 800_000,
    bytes: segments * 1000,
    frames: segments * segmentFrames,
    durationS: (segments * segmentFrames) / 30,
    init: storedInit(owned, name),
    segments: Array.from({ length: segments }, (_, idx) => storedSegment(owned, name, idx)),
    playlistKey: contentKey(owned, name, hash, 'm3u8'),
    iframes: {
      playlistKey: contentKey(owned, `${name}-iframes`, hash, 'm3u8'),
      averageBps: 70_000,
      peakBps: 80_000,
    },
  }
}

function rungNames(rungs: number): string[] {
  return Array.from({ length: rungs }, (_, index) => `${1080 - 120 * index}p`)
}

function storedSegment(owned: Owned, name: string, idx: number): StoredSegment {
  const duration = segmentFrames * frameDuration
  const fragments: StoredSegment['fragments'] = [[0, 600, segmentFrames, idx * duration]]
  return {
    key: contentKey(owned, `${name}-${idx}`, hash, 'm4s'),
    bytes: 1000,
    sha256: hash,
    duration,
    fragments,
  }
}

function storedInit(owned: Owned, name: string): StoredInit {
  const key = contentKey(owned, `${name}-init`, hash, 'mp4')
  return { key, bytes: 700, sha256: hash, codec: 'avc1.64001f', timescale: 15_360 }
}
