import { expect, test } from 'vitest'
import { iframeBandwidth, iframesOf, iframeTargetDuration } from '../../../src/media/manifests/iframes.ts'

/** Two segments, of one GOP and of two and a short one, at 30 units a second. */
const SEGMENTS = [
  { key: 'a', duration: 60, fragments: [[0, 500, 60, 0] as [number, number, number, number]] },
  {
    key: 'b',
    duration: 135,
    fragments: [
      [0, 700, 60, 60],
      [4000, 300, 60, 120],
      [9000, 200, 15, 180],
    ] as [number, number, number, number][],
  },
]

test('there is a picture for each fragment, shown until the next, the last one to the end', () => {
  expect(iframesOf(SEGMENTS, 30)).toEqual([
    { key: 'a', offset: 0, bytes: 500, duration_s: 2 },
    { key: 'b', offset: 0, bytes: 700, duration_s: 2 },
    { key: 'b', offset: 4000, bytes: 300, duration_s: 2 },
    { key: 'b', offset: 9000, bytes: 200, duration_s: 0.5 },
  ])
  expect(iframesOf([], 30)).toEqual([])
})

test('the target is what no picture is shown longer than, and never zero', () => {
  expect(iframeTargetDuration(iframesOf(SEGMENTS, 30))).toBe(2)
  expect(iframeTargetDuration(iframesOf(SEGMENTS, 28))).toBe(2)
  expect(iframeTargetDuration(iframesOf(SEGMENTS, 600))).toBe(1)
})

test('the rates are those of the ranges alone', () => {
  // 1700 bytes in 6.5 s; 700 in the worst two.
  expect(iframeBandwidth(iframesOf(SEGMENTS, 30))).toEqual({ averageBps: 2093, peakBps: 2800 })
})
