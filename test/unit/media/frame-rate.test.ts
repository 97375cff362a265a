import { describe, expect, test } from 'vitest'
import type { Rational } from '../../../src/media/model.ts'
import { chooseFrameRate } from '../../../src/media/plan/frame-rate.ts'

describe('the frame rate', () => {
  test.each<[string, Rational | null, Rational | null, Rational]>([
    ['29.97 stays an exact rational', [30000, 1001], [30000, 1001], [30000, 1001]],
    ['23.976 as Matroska rounds it', [29059, 1212], [29059, 1212], [24000, 1001]],
    ['25', [25, 1], [25, 1], [25, 1]],
    ['59.94', [60000, 1001], [60000, 1001], [60000, 1001]],
    ['60 and a rounding error', [60001, 1000], [60001, 1000], [60, 1]],
    ['120 is halved', [120, 1], [120, 1], [60, 1]],
    ['119.88 is halved', [120000, 1001], [120000, 1001], [60000, 1001]],
    ['144 is halved twice', [144, 1], [144, 1], [36, 1]],
    ['240 is halved twice', [240, 1], [240, 1], [60, 1]],
    ['5', [5, 1], [5, 1], [5, 1]],
    ['0.5', [1, 2], [1, 2], [1, 2]],
    ['a slide show of 10 s a picture has repeated frames', [1, 10], [1, 10], [4, 5]],
    ['random drops that leave two thirds', [30, 1], [21, 1], [30, 1]],
    ['a screen recording with bursts of 60', [60, 1], [22, 1], [30, 1]],
    ['a phone, 29.97 with jitter', [90000, 1], [5400000, 180227], [30000, 1001]],
    ['a phone, a hair above 30', [90000, 1], [30020, 1000], [30, 1]],
    ['25 with jitter', [90000, 1], [24980, 1000], [25, 1]],
    ['slides, near 12 on average', [90000, 1], [12, 1], [30, 1]],
    ['variable, 40 on average', [90000, 1], [40, 1], [50, 1]],
    ['variable, 30 on average', [90000, 1], [30, 1], [30, 1]],
    ['variable, 57 on average', [1000, 1], [57, 1], [60, 1]],
    ['variable, above 60 on average', [1000, 1], [90, 1], [60, 1]],
    ['unwieldy terms', [16_666_667, 1_000_000], [16_666_667, 1_000_000], [16667, 1000]],
    ['no average', [25, 1], null, [25, 1]],
    ['no nominal', null, [25, 1], [25, 1]],
    ['nothing known', null, null, [30, 1]],
  ])('%s', (_, nominal_rate, average_rate, expected) => {
    expect(chooseFrameRate({ nominal_rate, average_rate, interlaced: false })).toEqual(expected)
  })

  test('of a field-coded film is not the field rate', () => {
    expect(chooseFrameRate({ nominal_rate: [50, 1], average_rate: [25, 1], interlaced: true })).toEqual([
      25, 1,
    ])
  })
})
