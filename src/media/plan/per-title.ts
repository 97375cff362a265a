import type { Plan, Rung } from '../model.ts'

/** What a sample tells of one rung. */
type SampledRung = {
  /** Bits a second at the profile's CRF, without a cap. */
  bps: number
  /** SSIM between its pictures and those of the next smaller rung scaled up, before any encoding; null for the smallest. */
  likeness: number | null
}

/** The rungs of a plan, highest first, at one place of the film. */
export type Sample = readonly SampledRung[]

const MOST_SAMPLES = 5

/** No more than this part of a film is sampled. */
const LARGEST_SHARE = 1 / 4

/** Unsampled places may need more than the hardest sample did. */
const HEADROOM = 1.5

/** Of the fixed cap: lower than this it would starve what was not sampled. */
const LOWEST_CAP = 1 / 2

/**
 * From here on scaling up loses less than the encoder does, whose own SSIM is 0.98 to 0.99. Small losses add up:
 * it holds for all steps from the source's size down together.
 */
const ALIKE = 0.995

/** A smaller rung is for those who cannot have the larger one; for fewer bits less than this it helps nobody. */
const WORTH_A_STEP = 1.2

/** Whoever watches at all has so much: the cap of the smallest rung of the default profile. */
const ANYONE_BPS = 200_000

/**
 * Where a film is sampled, a GOP at each place: in the middle of equal parts. None where it cannot be
 * entered midway or nobody knows how long it is: its beginning alone would tell too little.
 */
export function samplePlaces({ video, single_chunk }: Plan): { firstFrames: number[]; frames: number } {
  if (!video || video.expected_frames === null) return { firstFrames: [], frames: 0 }
  if (single_chunk !== null && single_chunk !== 'short') return { firstFrames: [], frames: 0 }
  const frames = Math.min(video.gop_frames, video.expected_frames)
  const room = Math.floor((video.expected_frames * LARGEST_SHARE) / frames)
  const places = Math.min(MOST_SAMPLES, Math.max(1, room))
  const part = video.expected_frames / places
  return {
    firstFrames: Array.from({ length: places }, (_, place) =>
      Math.max(0, Math.floor(place * part + (part - frames) / 2)),
    ),
    frames,
  }
}

/**
 * Fits the ladder to what the samples need: larger rungs without more detail go, then those between that
 * save nothing; caps come down, never up. The smallest rung stays in any case. Pure.
 */
export function fitLadder(plan: Plan, samples: readonly Sample[]): Plan {
  const { video } = plan
  if (!video || samples.length === 0) return plan
  const rungs = video.rungs.map((rung, index) => measured(rung, samples, index))
  const plain = dropPlain(rungs)
  const cheap = dropCheap(plain.kept)
  const dropped = [...plain.dropped, ...cheap.dropped]
  return {
    ...plan,
    video: { ...video, rungs: cheap.kept.map(capped) },
    kept: plan.kept.flatMap((entry) => {
      const rung = cheap.kept.find(({ rung: { name } }) => name === entry.name)
      if (rung) return [{ ...entry, reason: `${entry.reason}; ${findings(rung)}` }]
      return dropped.some(({ name }) => name === entry.name) ? [] : [entry]
    }),
    skipped: [...plan.skipped, ...dropped],
  }
}

type Measured = { rung: Rung; meanBps: number; peakBps: number; likeness: number | null }

function measured(rung: Rung, samples: readonly Sample[], index: number): Measured {
  const rates = samples.map((sample) => sample[index]?.bps ?? 0)
  const likenesses = samples.flatMap((sample) => sample[index]?.likeness ?? [])
  return {
    rung,
    meanBps: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    peakBps: Math.max(...rates),
    // Detail anywhere counts.
    likeness: likenesses.length === 0 ? null : Math.min(...likenesses),
  }
}

type Choice = { kept: Measured[]; dropped: Plan['skipped'] }

/** From the top on, while the next smaller rung scaled up looks the same and is cheaper; two are left to choose from. */
function dropPlain(rungs: readonly Measured[]): Choice {
  const dropped: Plan['skipped'] = []
  let likeness = 1
  for (const [index, rung] of rungs.slice(0, -2).entries()) {
    likeness *= rung.likeness ?? 0
    const below = rungs[index + 1]
    // Sharp edges in flat areas hardly show in SSIM; but such a picture costs little and may stay.
    if (likeness < ALIKE || !below || isCheap(rung, below)) break
    dropped.push({
      kind: 'rung',
      name: rung.rung.name,
      code: 'per_title_no_detail',
      reason: `${below.rung.name} scaled up looks the same: SSIM ${likeness.toFixed(4)} or more where sampled`,
    })
  }
  return { kept: rungs.slice(dropped.length), dropped }
}

/** Next to it a smaller rung helps nobody. */
function isCheap(rung: Measured, below: Measured): boolean {
  return need(rung) <= Math.max(WORTH_A_STEP * need(below), ANYONE_BPS)
}

/** Those between the top and the smallest that need nearly as much as the one above, or where that needs next to nothing. */
function dropCheap(rungs: readonly Measured[]): Choice {
  const kept: Measured[] = []
  const dropped: Plan['skipped'] = []
  for (const [index, rung] of rungs.entries()) {
    const above = kept.at(-1)
    if (above && index < rungs.length - 1 && isCheap(above, rung)) {
      dropped.push({
        kind: 'rung',
        name: rung.rung.name,
        code: 'per_title_saves_nothing',
        reason: `${above.rung.name} needs ${megabits(need(above))} Mb/s where sampled, this one ${megabits(need(rung))}`,
      })
    } else kept.push(rung)
  }
  return { kept, dropped }
}

const need = ({ peakBps, rung }: Measured): number => Math.min(peakBps, rung.max_bitrate_bps)

function capped({ rung, peakBps }: Measured): Rung {
  const fixed = rung.max_bitrate_bps
  const cap = Math.round(Math.min(fixed, Math.max(HEADROOM * peakBps, LOWEST_CAP * fixed)))
  return { ...rung, max_bitrate_bps: cap, buffer_bits: 2 * cap }
}

function findings({ meanBps, peakBps, likeness }: Measured): string {
  const detail = likeness === null ? '' : `, SSIM ${likeness.toFixed(4)} of the next smaller rung scaled up`
  return `sampled at ${megabits(meanBps)} Mb/s, ${megabits(peakBps)} at most${detail}`
}

const megabits = (bps: number): string => (bps / 1e6).toFixed(3)
