import { describe, expect, test } from 'vitest'
import type { Rational } from '../../../src/media/model.ts'
import { planChunks, segmentFrames, segmentStart } from '../../../src/media/plan/chunks.ts'
import { planGrid } from '../../../src/media/plan/grid.ts'
import { aPicture, aSource } from '../../support/a-source.ts'

function cut(durationS: number | null, rate: Rational = [30, 1], cuttable = true) {
  const video = aPicture({ duration_s: durationS })
  const grid = planGrid(aSource({ video }), video, rate)
  return { grid, chunks: planChunks(grid, cuttable) }
}

const lengths = (durationS: number) => {
  const { grid, chunks } = cut(durationS)
  return chunks.map(({ first_frame, frames }) => (frames ?? (grid.expected_frames ?? 0) - first_frame) / 30)
}

describe('chunks', () => {
  test('taper towards the end, so that workers finish together', () => {
    expect(lengths(128)).toEqual([34, 28, 20, 12, 8, 8, 8, 10])
    expect(lengths(600).slice(0, 3)).toEqual([34, 32, 32])
    expect(lengths(24)).toEqual([10, 8, 6])
  })

  test('begin with one segment of one GOP and whole segments after it', () => {
    const { grid, chunks } = cut(128)
    expect(((chunks[0]?.frames ?? 0) - grid.gop_frames) % grid.segment_frames).toBe(0)
    for (const { frames } of chunks.slice(1, -1)) expect((frames ?? 1) % grid.segment_frames).toBe(0)
  })

  test.each<[string, number | null, boolean]>([
    ['under 12 s', 11.9, true],
    ['without a duration', null, true],
    ['that must not be cut', 3600, false],
  ])('of a source %s are one', (_, durationS, cuttable) => {
    expect(cut(durationS, [30, 1], cuttable).chunks).toEqual([{ first_frame: 0, frames: null }])
  })

  test('lie end to end, none shorter than a segment nor longer than 34 s, only the last open, at any length', () => {
    for (const rate of [
      [30, 1],
      [30000, 1001],
      [25, 1],
      [1, 1],
      [1, 2],
      [36, 1],
    ] satisfies Rational[]) {
      for (let duration = 12; duration < 20_000; duration *= 1.21) {
        const { grid, chunks } = cut(duration, rate)
        let next = 0
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.first_frame).toBe(next)
          const isLast = index === chunks.length - 1
          expect(chunk.frames === null).toBe(isLast)
          const frames = chunk.frames ?? (grid.expected_frames ?? 0) - chunk.first_frame
          if (chunks.length > 1) expect(frames).toBeGreaterThanOrEqual(grid.segment_frames)
          expect((frames * rate[1]) / rate[0]).toBeLessThanOrEqual(34.1)
          next += frames
        }
        expect(next).toBe(grid.expected_frames)
      }
    }
  })
})

test('segments lie end to end in a chunk; the very first is one GOP', () => {
  const plan = { gop_frames: 60, segment_frames: 120 }
  for (const chunk of [0, 1]) {
    let start = 0
    for (let index = 0; index < 10; index += 1) {
      expect(segmentStart(plan, chunk, index)).toBe(start)
      start += segmentFrames(plan, chunk, index)
    }
    expect(start).toBe(chunk === 0 ? 60 + 9 * 120 : 10 * 120)
  }
})
