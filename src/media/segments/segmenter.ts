import { StepladderError } from '../../errors.ts'
import { makeInitPlain } from '../mp4/plain-init.ts'
import type { SampleDefaults } from '../mp4/sample-runs.ts'
import { createPictureQueue, PICTURES_TRACK, type Picture } from './pictures.ts'
import {
  checkInit,
  joinFragments,
  joinPictures,
  type PlacedFragment,
  placeFragment,
  type Segment,
} from './segment.ts'

export type VideoSegmenterOptions = {
  /** The rungs, in pipe order. */
  names: readonly string[]
  /** The run's first frame on the video's grid: a multiple of `gopFrames`, later than the chunk's when resumed. */
  firstFrame: number
  /** Index within the task of the first segment this run makes. */
  firstIdx: number
  /** Nominal frames of segment `idx`: a multiple of `gopFrames`. */
  segmentFrames: (idx: number) => number
  /** One frame in units of the track's timescale. */
  frameDuration: number
  gopFrames: number
  /** A tail shorter than this joins the segment before it. */
  minTailFrames: number
  /**
   * Frame on the grid: a full segment that ends there or later may be the last, to which a tail would be
   * joined or which must be committed together with the task's end, and waits for the next to be full.
   */
  holdFrom: number
  /** Frames the run must have, null when it goes to the open end of the source. */
  exactFrames: number | null
  /** A picture for the seek bar each so many frames of the grid; null for none. */
  pictureEvery: number | null
}

/** Of full segments that wait for their pictures. A picture is on its way before the frames behind it. */
const maxWaitingBytes = 64 * 2 ** 20

type Rung = { init: Buffer | null; defaults: SampleDefaults; waiting: PlacedFragment[]; frames: number }
type Cut = {
  idx: number
  firstFrame: number
  frames: number
  parts: Map<string, PlacedFragment[]>
  pictures: Picture[]
}

/**
 * Joins the fragments of one run of a video chunk, every rung at once, into segments. A segment is
 * ready when it is full length on all rungs, which by then agree in frames and times (each fragment is
 * one GOP at its exact place on the grid), and has all of its pictures.
 *
 * Besides the errors of `checkInit` and `placeFragment`: `bad_gop` for a fragment that is no whole GOP
 * (only the last may be shorter), `too_many_frames` above `exactFrames`, `rungs_disagree` and
 * `pictures_disagree` at the end.
 * Too few frames are the caller's to judge, by `frames`.
 */
export function createVideoSegmenter(options: VideoSegmenterOptions) {
  const { names, firstFrame, firstIdx, segmentFrames, frameDuration, gopFrames, exactFrames } = options
  const rungs = new Map(names.map((name) => [name, createRung()]))
  const pictures = createPictureQueue({ everyFrames: options.pictureEvery, firstFrame })
  const ready: Segment[] = []
  let held: Cut | null = null
  let nextIdx = firstIdx
  let cutFrames = 0

  function requireRung(name: string): Rung {
    const rung = rungs.get(name)
    if (rung === undefined) throw new Error(`no rung ${name}`)
    return rung
  }

  const framesOnAllRungs = () => Math.min(...rungs.values().map((rung) => rung.frames))

  function checkGop(rung: Rung, part: PlacedFragment): void {
    const { frames, duration } = part
    if (rung.frames % gopFrames !== 0 || frames > gopFrames || duration !== frames * frameDuration) {
      const at = firstFrame + rung.frames
      throw new StepladderError(
        'bad_gop',
        `${frames} frames lasting ${duration} at frame ${at} where a GOP has ${gopFrames}`,
      )
    }
    if (exactFrames !== null && rung.frames + frames > exactFrames) {
      throw new StepladderError(
        'too_many_frames',
        `more than the ${exactFrames} frames that the run should have`,
      )
    }
  }

  function cut(frames: number): Cut {
    const start = firstFrame + cutFrames
    const segment: Cut = {
      idx: nextIdx,
      firstFrame: start,
      frames,
      parts: new Map(),
      pictures: pictures.take(start + frames),
    }
    for (const [name, rung] of rungs) segment.parts.set(name, takeFrames(rung, frames))
    nextIdx += 1
    cutFrames += frames
    return segment
  }

  function release(segment: Cut | null): void {
    if (segment !== null) ready.push(build(segment, frameDuration))
  }

  function cutFullSegments(): void {
    const available = framesOnAllRungs()
    const isThere = (frames: number) =>
      available - cutFrames >= frames && pictures.reaches(firstFrame + cutFrames + frames)
    for (let want = segmentFrames(nextIdx); isThere(want); want = segmentFrames(nextIdx)) {
      const segment = cut(want)
      release(held)
      held = null
      if (segment.firstFrame + segment.frames >= options.holdFrom) held = segment
      else release(segment)
    }
    if (available - cutFrames >= segmentFrames(nextIdx)) requireFewWaiting()
  }

  function requireFewWaiting(): void {
    const waiting = rungs.values().flatMap((rung) => rung.waiting)
    if (waiting.reduce((sum, { mdat }) => sum + mdat.length, 0) <= maxWaitingBytes) return
    throw new StepladderError('pictures_disagree', 'the frames are there, and their pictures do not come')
  }

  /** The run's end: its tail, joined to the held segment when too short to stand alone. */
  function cutLast(): Cut | null {
    const tailFrames = framesOnAllRungs() - cutFrames
    if (tailFrames === 0) return held
    const tail = cut(tailFrames)
    if (held !== null && tailFrames < options.minTailFrames) return join(held, tail)
    release(held)
    return tail
  }

  return {
    /** Takes the buffer over: it is patched in place. */
    pushInit(name: string, init: Buffer): void {
      const rung = requireRung(name)
      makeInitPlain(init)
      rung.defaults = checkInit(init)
      rung.init = init
    },

    /** Takes the buffers over: the moof is patched in place. */
    pushFragment(name: string, moof: Buffer, mdat: Buffer): void {
      const rung = requireRung(name)
      const frame = firstFrame + rung.frames
      const part = placeFragment({
        moof,
        mdat,
        defaults: rung.defaults,
        expectedTime: rung.frames * frameDuration,
        runStart: firstFrame * frameDuration,
        sequence: Math.floor(frame / gopFrames) + 1,
      })
      checkGop(rung, part)
      rung.waiting.push(part)
      rung.frames += part.frames
      cutFullSegments()
    },

    /** The next picture, from the run's first frame on. */
    pushPicture(jpeg: Buffer): void {
      pictures.push(jpeg)
      cutFullSegments()
    },

    /** The segments that became ready since the last call, in order. */
    takeReady: (): Segment[] => ready.splice(0),

    /** To be called once, after all outputs ended well. `last` is null when there is nothing left to commit. */
    finish(): { last: Segment | null; ready: Segment[]; frames: number } {
      const counts = [...rungs].map(([name, rung]) => `${name} ${rung.frames}`)
      const frames = framesOnAllRungs()
      if (rungs.values().some((rung) => rung.frames !== frames)) {
        throw new StepladderError(
          'rungs_disagree',
          `the rungs have different numbers of frames: ${counts.join(', ')}`,
        )
      }
      pictures.end(firstFrame + frames)
      const last = cutLast()
      held = null
      return { last: last && build(last, frameDuration), ready: ready.splice(0), frames }
    },

    /** The init of each rung that has one so far. */
    inits(): ReadonlyMap<string, Buffer> {
      return new Map([...rungs].flatMap(([name, { init }]) => (init === null ? [] : [[name, init] as const])))
    },

    /** Frames so far, on the slowest rung. */
    get frames(): number {
      return framesOnAllRungs()
    },
  }
}

function createRung(): Rung {
  return { init: null, defaults: { duration: 0, size: 0, flags: 0 }, waiting: [], frames: 0 }
}

/** Takes whole fragments of `frames` together off the front; throws `bad_gop` if they do not add up. */
function takeFrames(rung: Rung, frames: number): PlacedFragment[] {
  let count = 0
  let taken = 0
  for (const part of rung.waiting) {
    if (count >= frames) break
    count += part.frames
    taken += 1
  }
  if (count !== frames || taken === 0) {
    throw new StepladderError('bad_gop', `no GOP ends ${frames} frames after the last segment`)
  }
  return rung.waiting.splice(0, taken)
}

function join(before: Cut, after: Cut): Cut {
  const parts = new Map(
    [...before.parts].map(([name, list]) => [name, [...list, ...(after.parts.get(name) ?? [])]]),
  )
  const pictures = [...before.pictures, ...after.pictures]
  return { ...before, frames: before.frames + after.frames, parts, pictures }
}

function build({ idx, firstFrame, frames, parts, pictures }: Cut, frameDuration: number): Segment {
  const tracks = new Map([...parts].map(([name, list]) => [name, joinFragments(list)]))
  if (pictures.length > 0) {
    tracks.set(PICTURES_TRACK, joinPictures(pictures, { frames, frameDuration }))
  }
  return { idx, firstFrame, frames, tracks }
}
