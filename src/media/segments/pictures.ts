import { StepladderError } from '../../errors.ts'

/** The track of small pictures in `segments.objects`, beside the rungs. */
export const PICTURES_TRACK = 'pictures'

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
