import type { Rung, VideoPlan } from '../model.ts'
import type { Grid } from './grid.ts'
import { fitInto } from './ladder.ts'

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
