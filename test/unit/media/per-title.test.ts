import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../src/media/model.ts'
import { fitLadder, type Sample, samplePlaces } from '../../../src/media/plan/per-title.ts'
import { aPlan } from '../../support/jobs-under-test.ts'

const names = ['720p', '480p', '360p', '240p', '144p']
const caps = [2_800_000, 1_400_000, 800_000, 400_000, 200_000]

function ladder(): Plan {
  const plan = aPlan()
  const [rung] = plan.video?.rungs ?? []
  if (!plan.video || !rung) throw new Error('the plan has pictures')
  const rungs = names.map((name, index) => {
    const cap = caps[index] ?? 0
    return { ...rung, name, max_bitrate_bps: cap, buffer_bits: 2 * cap }
  })
  const kept = names.map((name) => ({ name, code: 'fits_box', reason: 'scaled down' }))
  return { ...plan, video: { ...plan.video, rungs }, kept, skipped: [] }
}

/** Thousands of bits a second of each rung, and how like it the next smaller one is. */
const sample = (kilobits: number[], likeness: number[] = [0.95, 0.95, 0.95, 0.95]): Sample =>
  kilobits.map((rate, index) => ({ bps: 1000 * rate, likeness: likeness[index] ?? null }))

function shaped(...samples: Sample[]) {
  const plan = fitLadder(ladder(), samples)
  return {
    rungs: Object.fromEntries(plan.video?.rungs.map((rung) => [rung.name, rung.max_bitrate_bps]) ?? []),
    skipped: plan.skipped.map(({ name, code }) => `${name} ${code}`),
    plan,
  }
}

describe('a ladder fitted to samples', () => {
  test('stays as it is for what needs more than the caps', () => {
    const noise = shaped(sample([80_000, 30_000, 14_000, 5_000, 1_200], [0.7, 0.8, 0.8, 0.7]))
    expect(noise.rungs).toEqual(Object.fromEntries(names.map((name, index) => [name, caps[index]])))
    expect(noise.skipped).toEqual([])
  })

  test('has caps half as high again as the hardest sample, never above the fixed ones nor below half of them', () => {
    const { rungs } = shaped(sample([1500, 500, 300, 201, 90]), sample([1000, 600, 310, 201, 100]))
    expect(rungs).toEqual({
      '720p': 2_250_000,
      '480p': 900_000,
      '360p': 465_000,
      '240p': 301_500,
      '144p': 150_000,
    })
    expect(shaped(sample([900, 5000, 300, 230, 1])).rungs).toMatchObject({
      '720p': 1_400_000,
      '144p': 100_000,
    })
  })

  test('keeps the buffer at two seconds of the cap', () => {
    const { plan } = shaped(sample([1500, 700, 500, 300, 100]))
    for (const rung of plan.video?.rungs ?? []) expect(rung.buffer_bits).toBe(2 * rung.max_bitrate_bps)
  })

  test('has nothing between the top and the smallest when the top needs what anyone has', () => {
    const slides = shaped(sample([150, 105, 60, 38, 22]))
    expect(Object.keys(slides.rungs)).toEqual(['720p', '144p'])
    expect(slides.skipped).toEqual(['480p', '360p', '240p'].map((name) => `${name} per_title_saves_nothing`))
  })

  test('drops a rung that needs nearly as much as the one kept above it, or more', () => {
    const text = shaped(sample([700, 834, 527, 500, 148]))
    expect(Object.keys(text.rungs)).toEqual(['720p', '360p', '240p', '144p'])
    expect(shaped(sample([700, 590, 500, 250, 90])).skipped).toEqual(['480p per_title_saves_nothing'])
  })

  test('drops larger rungs that hold no more than the next smaller one, down to the first that does', () => {
    const blurred = shaped(sample([2000, 1000, 600, 300, 100], [0.9985, 0.998, 0.97, 0.999]))
    expect(Object.keys(blurred.rungs)).toEqual(['360p', '240p', '144p'])
    expect(blurred.skipped).toEqual(['720p per_title_no_detail', '480p per_title_no_detail'])
    expect(blurred.plan.skipped[0]?.reason).toContain('0.9985')
  })

  test('counts what all steps lose together', () => {
    const soft = shaped(sample([2000, 1000, 600, 300, 100], [0.997, 0.997, 0.999, 0.999]))
    expect(soft.skipped).toEqual(['720p per_title_no_detail'])
  })

  test('keeps the top when any sample has detail', () => {
    const plain = [0.999, 0.999, 0.999, 0.999]
    const rates = [2000, 1000, 600, 300, 100]
    expect(shaped(sample(rates, plain), sample(rates, [0.98, ...plain.slice(1)])).skipped).toEqual([])
  })

  test('keeps a top that looks plain but costs little: sharp edges in flat areas hardly show in SSIM', () => {
    expect(Object.keys(shaped(sample([190, 100, 60, 40, 10], [0.999, 0.999, 0.999, 0.999])).rungs)).toEqual([
      '720p',
      '144p',
    ])
    const grain = shaped(sample([1000, 900, 500, 300, 100], [0.999, 0.95, 0.95, 0.95]))
    expect(grain.skipped).toEqual(['480p per_title_saves_nothing'])
  })

  test('keeps the two smallest rungs of a film without any detail', () => {
    const rates = [2500, 1200, 700, 350, 180]
    expect(Object.keys(shaped(sample(rates, [1, 1, 1, 1])).rungs)).toEqual(['240p', '144p'])
    expect(fitLadder(ladder(), [sample([0, 0, 0, 0, 0], [1, 1, 1, 1])]).video?.rungs.length).toBe(2)
  })

  test('says of each kept rung what was measured, and leaves tracks and other entries alone', () => {
    const plan = {
      ...ladder(),
      kept: [...ladder().kept, { name: 'audio-0', code: 'audio_track', reason: 'sound' }],
    }
    const fitted = fitLadder(plan, [sample([1500, 700, 500, 300, 100])])
    expect(fitted.kept[0]).toEqual({
      name: '720p',
      code: 'fits_box',
      reason:
        'scaled down; sampled at 1.500 Mb/s, 1.500 at most, SSIM 0.9500 of the next smaller rung scaled up',
    })
    expect(fitted.kept.at(-1)).toEqual({ name: 'audio-0', code: 'audio_track', reason: 'sound' })
    expect(fitted.video?.chunks).toEqual(plan.video?.chunks)
  })

  test('is the one it was without samples or pictures', () => {
    const plan = ladder()
    expect(fitLadder(plan, [])).toBe(plan)
    const sound = { ...plan, video: null }
    expect(fitLadder(sound, [sample([1])])).toBe(sound)
  })
})

describe('the places of the samples', () => {
  const placesOf = (seconds: number | null, single_chunk: string | null = null) => {
    const plan = ladder()
    if (!plan.video) throw new Error('the plan has pictures')
    const expected_frames = seconds === null ? null : Math.round(30 * seconds)
    return samplePlaces({ ...plan, single_chunk, video: { ...plan.video, gop_frames: 60, expected_frames } })
  }

  test.each([
    [3600, 5],
    [40, 5],
    [20, 2],
    [9, 1],
    [1, 1],
    [0.04, 1],
  ])('in a film of %d s are %i, spread over it and within it', (seconds, count) => {
    const total = Math.round(30 * seconds)
    const { firstFrames, frames } = placesOf(seconds)
    expect(firstFrames).toHaveLength(count)
    expect(frames).toBe(Math.min(60, total))
    for (const [index, first] of firstFrames.entries()) {
      expect(first).toBeGreaterThanOrEqual(index === 0 ? 0 : (firstFrames[index - 1] ?? 0) + frames)
      expect(first + frames).toBeLessThanOrEqual(total)
    }
    if (count > 1) expect(count * frames).toBeLessThanOrEqual(total / 4)
  })

  test('are none where nobody knows the length, or where the film cannot be entered midway', () => {
    expect(placesOf(null).firstFrames).toEqual([])
    expect(placesOf(60, 'cut_not_exact').firstFrames).toEqual([])
    expect(placesOf(9, 'short').firstFrames).toHaveLength(1)
  })
})
