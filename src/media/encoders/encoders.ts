import type { Codec } from '../model.ts'
import type { Encoder } from './encoder.ts'
import { svtAv1 } from './encoder-svt-av1.ts'
import { x264 } from './encoder-x264.ts'
import { x265 } from './encoder-x265.ts'

export const encoders: Readonly<Record<Codec, Encoder>> = { h264: x264, hevc: x265, av1: svtAv1 }
