import { expect, test } from 'vitest'
import { measureBandwidth, type WeighedSegment } from '../../../src/media/manifests/bandwidth.ts'

/** RFC 8216 §4.1 word for word: every contiguous run. */
function peakOfEveryRun(segments: readonly WeighedSegment[], target: number): number {
  let peak = 0
  for (let from = 0; from < segments.length; from++) {
    for (let to = from + 1; to <= segments.length; to++) {
      const run = segments.slice(from, to)
      const duration = run.reduce((sum, segment) => sum + segment.duration_s, 0)
      const bits = run.reduce((sum, segment) => sum + segment.bytes * 8, 0)
      if (duration >= 0.5 * target && duration <= 1.5 * target) peak = Math.max(peak, bits / duration)
    }
  }
  return peak
}

test('average is all over all, peak the heaviest segment of ordinary length', () => {
  const segments = [1000, 3000, 500].map((bytes) => ({ bytes, duration_s: 4 }))
  expect(measureBandwidth(segments, 4)).toEqual({ peakBps: 6000, averageBps: 3000 })
})

test('a short heavy segment counts only together with a neighbour', () => {
  const segments = [
    { bytes: 1000, duration_s: 4 },
    { bytes: 4000, duration_s: 1 },
    { bytes: 1500, duration_s: 4 },
  ]
  expect(measureBandwidth(segments, 4).peakBps).toBe((5500 * 8) / 5)
})

test('a run of exactly half or one and a half target durations counts', () => {
  const light = { bytes: 1, duration_s: 4 }
  expect(measureBandwidth([light, { bytes: 800, duration_s: 2 }, light], 4).peakBps).toBe(3200)
  // Added up in binary fractions these three last 1.5000000000000002 s.
  const decimals = [4, 0.1, 0.3, 1.1].map((duration_s) => ({
    bytes: duration_s === 0.1 ? 900 : 0,
    duration_s,
  }))
  expect(measureBandwidth(decimals, 1).peakBps).toBe(4800)
})

test('without a run of the right length the peak is the average', () => {
  expect(measureBandwidth([{ bytes: 1000, duration_s: 1 }], 4)).toEqual({ peakBps: 8000, averageBps: 8000 })
  expect(measureBandwidth([], 4)).toEqual({ peakBps: 0, averageBps: 0 })
})

test('the peak is never below the average', () => {
  const segments = [
    { bytes: 1000, duration_s: 4 },
    { bytes: 100_000, duration_s: 7 },
  ]
  const { peakBps, averageBps } = measureBandwidth(segments, 4)
  expect(peakBps).toBe(averageBps)
})

test('any list measures as every run tried one by one does', () => {
  let seed = 1
  const random = () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647
  }
  for (let round = 0; round < 300; round++) {
    const segments = Array.from({ length: 1 + Math.floor(random() * 12) }, () => ({
      bytes: Math.floor(random() * 1e6),
      duration_s: 0.3 + random() * 5,
    }))
    const { peakBps, averageBps } = measureBandwidth(segments, 5)
    expect(peakBps).toBe(Math.max(Math.ceil(peakOfEveryRun(segments, 5)), averageBps))
  }
})

test('a list of a hundred thousand segments is measured in a moment', () => {
  const segments = Array.from({ length: 100_000 }, (_, i) => ({ bytes: 1000 + (i % 7), duration_s: 2 }))
  const started = performance.now()
  expect(measureBandwidth(segments, 4).averageBps).toBe(4012)
  // Some 10 ms; all pairs would be five thousand million.
  expect(performance.now() - started).toBeLessThan(500)
})
