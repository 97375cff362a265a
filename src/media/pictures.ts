import { StepladderError } from '../errors.ts'
import type { Grid } from './grid.ts'
import { fitInto } from './ladder.ts'
import type { Rung, VideoPlan } from './model.ts'

/** The track of small pictures in `segments.objects`, beside the rungs. */
export const PICTURES_TRACK = 'pictures'

/** Ten sheets of 10 × 10, as long as a picture each 10 s will do. */
const WANTED = 1000
const LONGEST_GOPS = 5
const BOX = { long: 160, short: 90 }

/**
 * Pictures for the seek bar: one each GOP (2 s), less often in a film of more than half an hour, and
 * each fifth GOP where nobody says how long it is. They lie on key frames, in every rung.
 */
export function planPictures(
  { gop_frames, expected_frames }: Grid,
  smallest: Pick<Rung, 'width' | 'height'>,
): NonNullable<VideoPlan['pictures']> {
  const gops = expected_frames === null ? LONGEST_GOPS : Math.ceil(expected_frames / gop_frames / WANTED)
  const { width, height } = fitInto(BOX, smallest)
  const fits = width <= smallest.width && height <= smallest.height
  return {
    every_frames: Math.min(LONGEST_GOPS, Math.max(1, gops)) * gop_frames,
    width: fits ? width : smallest.width,
    height: fits ? height : smallest.height,
  }
}

/** A picture as JPEG, and its place on the video's grid. */
export type Picture = { frame: number; jpeg: Buffer }

/**
 * The pictures of one run, known by the order in which they come; with `everyFrames` null there are none.
 * The first is always that of the run's first frame, due or not: without it ffmpeg would not report
 * progress until the first one that is due.
 */
export function createPictureQueue(options: { everyFrames: number | null; firstFrame: number }) {
  const everyFrames = options.everyFrames ?? Number.POSITIVE_INFINITY
  const waiting: Picture[] = []
  let next = options.everyFrames === null ? everyFrames : options.firstFrame

  return {
    push(jpeg: Buffer): void {
      if (next % everyFrames === 0) waiting.push({ frame: next, jpeg })
      next = (Math.floor(next / everyFrames) + 1) * everyFrames
    },

    /** Whether every picture before frame `end` has come. */
    reaches: (end: number): boolean => next >= end,

    /** Those before frame `end`. */
    take(end: number): Picture[] {
      const later = waiting.findIndex(({ frame }) => frame >= end)
      return waiting.splice(0, later < 0 ? waiting.length : later)
    },

    /** Throws `pictures_disagree` unless all before frame `end`, and no more, have come. */
    end(end: number): void {
      const last = waiting.at(-1)
      if (next >= end && (last === undefined || last.frame < end)) return
      const found = last ? `one came at frame ${last.frame}` : `none came at frame ${next}`
      throw new StepladderError('pictures_disagree', `pictures before frame ${end} were due, and ${found}`)
    },
  }
}
