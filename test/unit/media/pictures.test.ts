import { expect, test } from 'vitest'
import { planPictures } from '../../../src/media/plan/picture-plan.ts'
import { createPictureQueue } from '../../../src/media/segments/pictures.ts'
import { planPicture } from '../../support/a-source.ts'
import { makeJpeg } from '../../support/make-jpeg.ts'
import { codeThrownBy } from '../../support/thrown.ts'

test.each([
  ['a clip', 10, 2],
  ['half an hour', 1800, 2],
  ['35 min', 2100, 4],
  ['a film of 3 h', 3 * 3600, 10],
  ['12 h', 12 * 3600, 10],
])('%s has a picture in so many seconds, at 30 frames/s as at 30000/1001', (_, duration_s, seconds) => {
  expect(planPicture({ duration_s }).pictures?.every_frames).toBe(30 * seconds)
  const ntsc = planPicture({ duration_s, nominal_rate: [30000, 1001], average_rate: [30000, 1001] })
  expect(ntsc.pictures?.every_frames).toBe(30 * seconds)
})

test('up to 2 h 46 min a film has at most ten sheets of a hundred pictures', () => {
  for (let duration_s = 1; duration_s < 10_000; duration_s += 97) {
    const { pictures, expected_frames } = planPicture({ duration_s })
    expect((expected_frames ?? 0) / (pictures?.every_frames ?? 0)).toBeLessThanOrEqual(1000)
  }
})

test('without a promised length there is a picture each fifth GOP', () => {
  const { pictures, gop_frames } = planPicture({ duration_s: null })
  expect(pictures?.every_frames).toBe(5 * gop_frames)
})

test.each([
  [
    [1920, 1080],
    [160, 90],
  ],
  [
    [1080, 1920],
    [90, 160],
  ],
  [
    [1920, 804],
    [160, 68],
  ],
  [
    [1000, 1000],
    [90, 90],
  ],
  [
    [4096, 64],
    [160, 2],
  ],
  [
    [64, 36],
    [64, 36],
  ],
  [
    [16, 16],
    [16, 16],
  ],
] as const)('a picture of %j becomes one of %j', ([width, height], size) => {
  const plan = planPicture({ width, height })
  expect([plan.pictures?.width, plan.pictures?.height]).toEqual(size)
})

/** The frames of the pictures before `end` when `count` have come. */
function framesOf(firstFrame: number, count: number, end: number): number[] {
  const queue = createPictureQueue({ everyFrames: 60, firstFrame })
  for (let i = 0; i < count; i++) queue.push(makeJpeg(i))
  return queue.take(end).map(({ frame }) => frame)
}

test('pictures lie on the grid of the whole film, wherever a run begins', () => {
  expect(framesOf(0, 3, 1000)).toEqual([0, 60, 120])
  expect(framesOf(120, 2, 1000)).toEqual([120, 180])
  // The first is that of frame 90, which is not due.
  expect(framesOf(90, 3, 1000)).toEqual([120, 180])
  expect(framesOf(0, 3, 120)).toEqual([0, 60])
})

test('a queue knows how far its pictures reach', () => {
  const queue = createPictureQueue({ everyFrames: 60, firstFrame: 90 })
  expect([queue.reaches(90), queue.reaches(91)]).toEqual([true, false])
  queue.push(makeJpeg())
  expect([queue.reaches(120), queue.reaches(121)]).toEqual([true, false])
  queue.push(makeJpeg())
  expect([queue.reaches(180), queue.reaches(181)]).toEqual([true, false])
})

test('one picture too few or too many at the end is refused', () => {
  const ended = (count: number, end: number) => {
    const queue = createPictureQueue({ everyFrames: 60, firstFrame: 0 })
    for (let i = 0; i < count; i++) queue.push(makeJpeg())
    queue.end(end)
  }
  expect(codeThrownBy(() => ended(2, 121))).toBe('pictures_disagree')
  expect(codeThrownBy(() => ended(3, 120))).toBe('pictures_disagree')
  expect(() => [ended(2, 120), ended(3, 121), ended(0, 0)]).not.toThrow()
})

test('where none are planned, none are waited for', () => {
  const queue = createPictureQueue({ everyFrames: null, firstFrame: 60 })
  expect(queue.reaches(1e9)).toBe(true)
  expect(queue.take(1e9)).toEqual([])
  expect(() => queue.end(1e9)).not.toThrow()
})

test('pictures are planned from the grid and the smallest rung alone', () => {
  const grid = planPicture({ duration_s: 60 })
  expect(planPictures(grid, { width: 256, height: 144 })).toEqual({
    every_frames: 60,
    width: 160,
    height: 90,
  })
})
