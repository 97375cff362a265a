import { describe, expect, test } from 'vitest'
import type { Rational, VideoStream } from '../../../src/media/model.ts'
import { displaySize, planLadder } from '../../../src/media/plan/ladder.ts'
import { aPicture, aSource, aTrack } from '../../support/a-source.ts'
import { videoProfile } from '../../support/profiles.ts'

const H264 = videoProfile('default')
const THIRTY: Rational = [30, 1]

function ladderOf(fields: Partial<VideoStream>, frameRate = THIRTY) {
  const video = aPicture(fields)
  return planLadder({ media: aSource({ video, bitrate_bps: null }), video, frameRate, profile: H264 })
}

const sizes = (fields: Partial<VideoStream>) =>
  ladderOf(fields).rungs.map(({ name, width, height }) => `${name} ${width}x${height}`)

const SIXTEEN_NINE = ['720p 1280x720', '480p 854x480', '360p 640x360', '240p 426x240', '144p 256x144']

describe('the rungs of a picture', () => {
  test.each<[string, Partial<VideoStream>, string[]]>([
    ['1080p', {}, ['1080p 1920x1080', ...SIXTEEN_NINE]],
    ['a rung of the exact size of a box', { width: 1280, height: 720 }, SIXTEEN_NINE],
    [
      '2160p',
      { width: 3840, height: 2160 },
      ['2160p 3840x2160', '1440p 2560x1440', '1080p 1920x1080', ...SIXTEEN_NINE],
    ],
    [
      'a letterboxed film, which is named by its box and not by its height',
      { width: 1920, height: 804 },
      ['1080p 1920x804', '720p 1280x536', '480p 854x358', '360p 640x268', '240p 426x178', '144p 256x108'],
    ],
    [
      'a portrait picture, fitted in its own orientation',
      { width: 1080, height: 1920 },
      ['1080p 1080x1920', '720p 720x1280', '480p 480x854', '360p 360x640', '240p 240x426', '144p 144x256'],
    ],
    [
      'a phone clip stored lying and shown upright',
      { width: 1920, height: 1080, rotation: 90 },
      ['1080p 1080x1920', '720p 720x1280', '480p 480x854', '360p 360x640', '240p 240x426', '144p 144x256'],
    ],
    [
      'a square',
      { width: 1000, height: 1000 },
      ['1080p 1000x1000', '720p 720x720', '480p 480x480', '360p 360x360', '240p 240x240', '144p 144x144'],
    ],
    ['16×16, smaller than the smallest box', { width: 16, height: 16 }, ['144p 16x16']],
    ['1×1, which cannot be encoded', { width: 1, height: 1 }, ['144p 2x2']],
    ['odd sides, of which a pixel is lost and none invented', { width: 161, height: 91 }, ['144p 160x90']],
    [
      'PAL widescreen with oblong pixels',
      { width: 720, height: 576, pixel_aspect: [64, 45] },
      ['720p 1024x576', '480p 854x480', '360p 640x360', '240p 426x240', '144p 256x144'],
    ],
    [
      'upright pixels, of which no detail is lost',
      { width: 1440, height: 540, pixel_aspect: [1, 2] },
      ['1080p 1440x1080', '720p 960x720', '480p 640x480', '360p 480x360', '240p 320x240', '144p 192x144'],
    ],
    [
      'a pixel aspect that must be a fault',
      { width: 256, height: 144, pixel_aspect: [100, 1] },
      ['144p 256x144'],
    ],
    [
      'more than the largest box',
      { width: 7680, height: 4320 },
      ['2160p 3840x2160', '1440p 2560x1440', '1080p 1920x1080', ...SIXTEEN_NINE],
    ],
    [
      'a strip, down to where it vanishes',
      { width: 8192, height: 128 },
      ['2160p 3840x60', '1440p 2560x40', '1080p 1920x30', '720p 1280x20'],
    ],
    ['a strip of two lines', { width: 4000, height: 2 }, ['2160p 3840x2']],
    [
      'hardly more than a box: the top rung is not worth it',
      { width: 1300, height: 730 },
      ['720p 1280x718', ...SIXTEEN_NINE.slice(1)],
    ],
  ])('%s', (_, fields, expected) => {
    expect(sizes(fields)).toEqual(expected)
  })

  test('never ask for more pixels than are shown, nor for an odd side, over many sizes', () => {
    for (let width = 2; width < 5000; width = Math.ceil(width * 1.31)) {
      for (let height = 2; height < 5000; height = Math.ceil(height * 1.37)) {
        const { rungs } = ladderOf({ width, height })
        const shown = displaySize(aPicture({ width, height }))
        expect(rungs.length).toBeGreaterThan(0)
        for (const rung of rungs) {
          expect(rung.width % 2 || rung.height % 2).toBe(0)
          expect(rung.width).toBeLessThanOrEqual(Math.max(2, shown.width))
          expect(rung.height).toBeLessThanOrEqual(Math.max(2, shown.height))
        }
        expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length)
      }
    }
  })
})

test('every box is either kept or skipped, with its reason', () => {
  const { kept, skipped } = ladderOf({ width: 1300, height: 730 })
  expect(kept.map(({ name, code }) => [name, code])).toEqual([
    ['720p', 'fits_box'],
    ['480p', 'fits_box'],
    ['360p', 'fits_box'],
    ['240p', 'fits_box'],
    ['144p', 'fits_box'],
  ])
  expect(skipped.map(({ name, code }) => [name, code])).toEqual([
    ['2160p', 'above_source'],
    ['1440p', 'above_source'],
    ['1080p', 'close_to_next'],
  ])
  expect(ladderOf({}).kept[0]?.code).toBe('source_size')
  expect(ladderOf({ width: 7680, height: 4320 }).kept[0]?.code).toBe('largest_box')
  expect(ladderOf({ width: 8192, height: 128 }).skipped.map(({ code }) => code)).toEqual(
    Array(4).fill('too_thin'),
  )
})

describe('a profile that lacks some boxes', () => {
  const offering = (names: string[], fields: Partial<VideoStream> = {}, name = 'default') => {
    const profile = videoProfile(name)
    const video = aPicture(fields)
    const rungs = profile.rungs.filter((rung) => names.includes(rung.name))
    return planLadder({ media: aSource({ video }), video, frameRate: THIRTY, profile: { ...profile, rungs } })
  }
  const namesOf = (list: { name: string; code: string }[]) => list.map(({ name, code }) => `${name} ${code}`)

  test('leaves them out and says so', () => {
    const { kept, skipped } = offering(['1080p', '360p'])
    expect(namesOf(kept)).toEqual(['1080p source_size', '360p fits_box'])
    expect(namesOf(skipped)).toEqual([
      ...['2160p above_source', '1440p above_source', '720p not_in_profile', '480p not_in_profile'],
      ...['240p not_in_profile', '144p not_in_profile'],
    ])
  })

  test('scales a larger picture down to its largest box', () => {
    const { rungs, kept, skipped } = offering(['720p', '360p'], { width: 3840, height: 2160 })
    expect(rungs.map(({ name, width, height }) => [name, width, height])).toEqual([
      ['720p', 1280, 720],
      ['360p', 640, 360],
    ])
    expect(kept[0]?.code).toBe('fits_box')
    expect(namesOf(skipped).slice(0, 3)).toEqual([
      '2160p not_in_profile',
      '1440p not_in_profile',
      '1080p not_in_profile',
    ])
    expect(namesOf(offering(['720p'], { width: 7680, height: 4320 }).kept)).toEqual(['720p largest_box'])
  })

  test('takes a smaller picture at its own size, with what it has for its smallest box', () => {
    const { rungs, skipped } = offering(['1080p', '720p'], { width: 640, height: 360, bitrate_bps: null })
    expect(rungs).toEqual([expect.objectContaining({ name: '360p', width: 640, height: 360 })])
    expect(offering(['1080p', '720p'], { width: 640, height: 360 }).rungs[0]?.max_bitrate_bps).toBe(2_800_000)
    expect(namesOf(skipped)).toContain('240p not_in_profile')
  })

  test('gives its rungs in the order of their size, whatever the order in the file', () => {
    const profile = videoProfile('default')
    const video = aPicture()
    const { rungs } = planLadder({
      media: aSource({ video }),
      video,
      frameRate: THIRTY,
      profile: { ...profile, rungs: profile.rungs.toReversed() },
    })
    expect(rungs.map(({ name }) => name)).toEqual(['1080p', '720p', '480p', '360p', '240p', '144p'])
  })

  test('leaves out what is thinner than its encoder takes, and refuses a picture that is', () => {
    const all = ['1080p', '720p', '480p', '360p', '240p', '144p']
    expect(offering(all, { width: 1920, height: 360 }, 'av1').rungs.map(({ height }) => height)).toEqual([
      360, 240, 160, 120, 80,
    ])
    expect(() => offering(all, { width: 320, height: 62 }, 'av1')).toThrow(
      expect.objectContaining({ code: 'too_small_picture' }),
    )
    expect(() => offering(all, { width: 14, height: 14 }, 'hevc')).toThrow(
      expect.objectContaining({ code: 'too_small_picture' }),
    )
    expect(offering(all, { width: 14, height: 14 }).rungs).toHaveLength(1)
  })
})

describe('the bitrate cap', () => {
  const caps = (bitrate_bps: number | null, codec = 'h264', frameRate = THIRTY) =>
    ladderOf({ bitrate_bps, codec }, frameRate).rungs.map((rung) => rung.max_bitrate_bps)

  test('is the one of the box for a rich source, with a buffer of two seconds', () => {
    expect(caps(50_000_000)).toEqual([5_000_000, 2_800_000, 1_400_000, 800_000, 400_000, 200_000])
    expect(caps(null)).toEqual(caps(50_000_000))
    for (const { max_bitrate_bps, buffer_bits } of ladderOf({}).rungs)
      expect(buffer_bits).toBe(2 * max_bitrate_bps)
  })

  test('is never above what the source spent on the picture, down to a quarter of the box', () => {
    const [top = 0, second = 0] = caps(2_000_000)
    expect(top).toBe(2_000_000)
    expect(second).toBeLessThan(1_200_000)
    expect(caps(1000)).toEqual([1_250_000, 700_000, 350_000, 200_000, 100_000, 50_000])
  })

  test('doubles what a denser codec spent', () => {
    expect(caps(2_000_000, 'hevc')[0]).toBe(4_000_000)
  })

  test('does not double it for a rung that is as dense', () => {
    const video = aPicture({ bitrate_bps: 1_200_000, codec: 'hevc' })
    const caps = ['default', 'hevc', 'av1'].map((name) => {
      const request = { media: aSource({ video }), video, frameRate: THIRTY, profile: videoProfile(name) }
      return planLadder(request).rungs[0]?.max_bitrate_bps
    })
    expect(caps).toEqual([2_400_000, 1_200_000, 1_200_000])
  })

  test('grows by half at 60 frames a second', () => {
    expect(caps(null, 'h264', [60, 1])[0]).toBe(7_500_000)
    expect(caps(null, 'h264', [25, 1])[0]).toBe(5_000_000)
  })

  test("takes the file's rate less its sound where the stream states none", () => {
    const video = aPicture({ bitrate_bps: null })
    const media = aSource({ video, bitrate_bps: 3_000_000, audio: [aTrack({ bitrate_bps: 500_000 })] })
    expect(planLadder({ media, video, frameRate: THIRTY, profile: H264 }).rungs[0]?.max_bitrate_bps).toBe(
      2_500_000,
    )
  })
})
