import type { Rational, VideoStream } from '../model.ts'

/** Of everything that is made. */
export const MAX_FPS = 60
const MIN_FPS = 0.5
const FALLBACK: Rational = [30, 1]

/** Containers round: 29059/1212 is 24000/1001. */
const STANDARD_RATES: readonly Rational[] = [
  ...([
    [24000, 1001],
    [24, 1],
    [25, 1],
    [30000, 1001],
    [30, 1],
  ] satisfies Rational[]),
  ...([
    [48000, 1001],
    [48, 1],
    [50, 1],
    [60000, 1001],
    [60, 1],
  ] satisfies Rational[]),
  ...([
    [10, 1],
    [12, 1],
    [15, 1],
    [20, 1],
  ] satisfies Rational[]),
]

/** 24 and 24000/1001 differ by 1e-3. */
const SNAP = 2e-4

/** A film whose frames come a little early and late is off by less on average, even one of a few seconds. */
const NEAR = 5e-3

/** Rates for pictures that come as they please; the smallest that loses none on average. */
const VARIABLE_RATES: readonly Rational[] = [
  [30, 1],
  [50, 1],
  [60, 1],
]

/**
 * The constant frame rate of all rungs, an exact rational: the nominal rate where the average bears
 * it out (at least two thirds), halved until at most 60. Else frames come irregularly: a standard
 * rate that the average is close to, as with phones, or the smallest of 30, 50 and 60 not below it. "Nearest to the average" chose 15 for a screen recording
 * with bursts of 60; 60 cost three times the CPU.
 */
export function chooseFrameRate(
  video: Pick<VideoStream, 'nominal_rate' | 'average_rate' | 'interlaced'>,
): Rational {
  const { nominal_rate: nominal, average_rate: average } = video
  if (nominal === null && average === null) return FALLBACK
  if (nominal === null || average === null) return withinLimits(snap(nominal ?? average ?? FALLBACK))
  // Field-coded pictures are announced at the field rate.
  if (video.interlaced && Math.abs(fps(nominal) / fps(average) - 2) < 0.02) return withinLimits(snap(average))
  if (fps(average) >= (fps(nominal) * 2) / 3) return withinLimits(snap(nominal))
  return irregular(fps(average))
}

function irregular(average: number): Rational {
  const off = (rate: Rational) => Math.abs(fps(rate) / average - 1)
  const [nearest] = STANDARD_RATES.toSorted((a, b) => off(a) - off(b))
  if (nearest && fps(nearest) > 23 && off(nearest) < NEAR) return nearest
  return VARIABLE_RATES.find((rate) => fps(rate) >= average) ?? [MAX_FPS, 1]
}

export const fps = ([frames, seconds]: Rational): number => frames / seconds

/** Above 60 every second frame goes; a slide show gets repeated frames, so that a segment stays near 4 s. */
function withinLimits(rate: Rational): Rational {
  if (fps(rate) > MAX_FPS * (1 + SNAP)) return withinLimits(snap(reduce([rate[0], rate[1] * 2])))
  if (fps(rate) < MIN_FPS * (1 - SNAP)) return withinLimits(snap(reduce([rate[0] * 2, rate[1]])))
  return rate
}

/** The standard rate it stands for, else itself, on a grid of thousandths if its terms are unwieldy. */
function snap(rate: Rational): Rational {
  const standard = STANDARD_RATES.find((candidate) => Math.abs(fps(candidate) / fps(rate) - 1) < SNAP)
  if (standard) return standard
  const fine = rate[0] <= 1_000_000 && rate[1] <= 1_000_000
  return fine ? reduce(rate) : reduce([Math.max(1, Math.round(fps(rate) * 1000)), 1000])
}

function reduce([a, b]: Rational): Rational {
  const divisor = greatestCommonDivisor(a, b)
  return [a / divisor, b / divisor]
}

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b)
}
