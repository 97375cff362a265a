import { describe, expect, test } from 'vitest'
import type { MediaInfo, Rational, VideoStream } from '../../../src/media/model.ts'
import { planGrid } from '../../../src/media/plan/grid.ts'
import { aPicture, aSource, aTrack } from '../../support/a-source.ts'

function gridOf(frameRate: Rational, picture: Partial<VideoStream> = {}, media: Partial<MediaInfo> = {}) {
  const video = aPicture(picture)
  return planGrid(aSource({ ...media, video }), video, frameRate)
}

describe('the grid', () => {
  test.each<[Rational, number, number, number]>([
    [[30000, 1001], 60, 30000, 1001],
    [[24000, 1001], 48, 24000, 1001],
    [[30, 1], 60, 10020, 334],
    [[25, 1], 50, 10000, 400],
    [[60, 1], 120, 10020, 167],
    [[1, 2], 1, 10000, 20000],
  ])('at %j has GOPs of 2 s and frames of a whole number of units', (rate, gop, timescale, duration) => {
    const grid = gridOf(rate)
    expect(grid).toMatchObject({
      gop_frames: gop,
      segment_frames: 2 * gop,
      timescale,
      frame_duration: duration,
    })
    expect(grid.timescale * rate[1]).toBe(grid.frame_duration * rate[0])
  })

  test('begins with the first shown picture', () => {
    expect(gridOf([30, 1], { first_pts: 1024 }).origin_ticks).toBe(1024)
    expect(gridOf([30, 1], { first_pts: -512 }).origin_ticks).toBe(-512)
  })

  test.each([
    ['sound 60 ms before the picture is priming', 0.06, 0],
    ['sound 0.1 s before it moves it back by whole frames', 0.1, 3],
    ['sound 0.11 s before it moves it back by one more', 0.11, 4],
    ['sound 0.5 s before it', 0.5, 15],
    ['no more than 5 s of sound is kept', 60, 150],
    ['sound after the picture moves nothing', -0.3, 0],
  ])('%s', (_, leadS, frames) => {
    const audio = [aTrack({ start_s: 10 - leadS })]
    const grid = gridOf([30, 1], { first_pts: 10 * 15360, start_s: 10 }, { audio })
    expect(grid.origin_ticks).toBe(10 * 15360 - frames * 512)
  })

  test('takes no notice of sound that cannot be decoded', () => {
    const audio = [aTrack({ start_s: -1, codec: null })]
    expect(gridOf([30, 1], {}, { audio }).origin_ticks).toBe(0)
  })

  test.each<[string, number | null, Partial<VideoStream>, Partial<MediaInfo>]>([
    ['from the stream', 300, { duration_s: 10 }, { duration_s: 99 }],
    ['from the file where the stream says nothing', 301, { duration_s: null }, { duration_s: 10.03 }],
    ['from a start at ten hours', 300, { first_pts: 36000 * 15360, start_s: 36000, duration_s: 10 }, {}],
    ['at least one', 1, { duration_s: 0.001 }, {}],
    ['none without a promise', null, { duration_s: null }, { duration_s: null }],
  ])('counts the frames to expect: %s', (_, expected, picture, media) => {
    expect(gridOf([30, 1], picture, media).expected_frames).toBe(expected)
  })
})
