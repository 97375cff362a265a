import type { Rung } from '../model.ts'

/** One rung's share of a run: a closed GOP each `gopFrames`, the same in all rungs and chunks. */
type EncoderRun = { rung: Rung; preset: string; gopFrames: number; threads: number }

/** All that differs from one codec to the next, beside its codec string. */
export type Encoder = {
  /** Its name in ffmpeg. */
  library: string
  presets: readonly string[]
  /** Both ends can be asked for; SVT-AV1 takes whole numbers only. */
  crf: { least: number; most: number; whole: boolean }
  /** The highest cap that a profile may ask for; at 60 frames a second it is half as high again. */
  mostBps: number
  /** Pixels of the thinnest picture that it takes. */
  minSide: number
  minGopFrames: number
  /** Needs about half the bits of H.264 for the same picture. */
  dense: boolean
  /** Its part of an argv, from `-c:v` on. The init segment must depend on rung and preset alone. */
  args: (run: EncoderRun) => string[]
  /** The bare format of its streams, and how it names itself in there or on stderr. */
  sample: { muxer: string; version: RegExp }
}

/** Those of x264 and x265 that are worth a wait, fastest first. */
export const x26xPresets: readonly string[] = [
  'ultrafast',
  'superfast',
  'veryfast',
  'faster',
  'fast',
  'medium',
  'slow',
  'slower',
  'veryslow',
]
