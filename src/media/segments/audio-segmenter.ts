import { trackTimescale } from '../mp4/codec-string.ts'
import { checkInit, joinFragments, type PlacedFragment, placeFragment, type Segment } from './segment.ts'

/** A last fragment shorter than this is not worth a request of its own. */
const MIN_SEGMENT_S = 0.5

/**
 * Turns the fragments of one audio track into segments, one each; used like the video segmenter. An
 * audio run always covers the whole track, so its decode times are absolute already and the first is 0.
 * The newest segment is held back: it may be the last, which is committed together with the task's end,
 * and a very short last fragment joins it. Throws as `checkInit` and `placeFragment` do.
 */
export function createAudioSegmenter({ name }: { name: string }) {
  const ready: Segment[] = []
  let track: ReturnType<typeof readTrack> | null = null
  let held: PlacedFragment[] = []
  let segments = 0
  let fragments = 0
  let frames = 0
  let endTime = 0

  function build(parts: readonly PlacedFragment[]): Segment {
    const count = parts.reduce((sum, part) => sum + part.frames, 0)
    const segment = {
      idx: segments,
      firstFrame: frames,
      frames: count,
      tracks: new Map([[name, joinFragments(parts)]]),
    }
    segments += 1
    frames += count
    return segment
  }

  return {
    pushInit(_name: string, init: Buffer): void {
      track = readTrack(init)
    },

    /** Takes the buffers over: the moof is patched in place. */
    pushFragment(_name: string, moof: Buffer, mdat: Buffer): void {
      if (track === null) throw new Error('a fragment before its init')
      const part = placeFragment({
        moof,
        mdat,
        defaults: track.defaults,
        expectedTime: endTime,
        runStart: 0,
        sequence: fragments + 1,
      })
      fragments += 1
      endTime += part.duration
      if (held.length > 0 && part.duration >= MIN_SEGMENT_S * track.timescale) {
        ready.push(build(held))
        held = []
      }
      held.push(part)
    },

    /** The segments that became ready since the last call, in order. */
    takeReady: (): Segment[] => ready.splice(0),

    /** To be called once, after the output ended well. `last` is null when there was no audio at all. */
    finish(): { last: Segment | null; ready: Segment[]; frames: number } {
      const last = held.length > 0 ? build(held) : null
      held = []
      return { last, ready: ready.splice(0), frames }
    },

    inits(): ReadonlyMap<string, Buffer> {
      return new Map(track === null ? [] : [[name, track.init]])
    },
  }
}

function readTrack(init: Buffer) {
  return { init, timescale: trackTimescale(init), defaults: checkInit(init) }
}
