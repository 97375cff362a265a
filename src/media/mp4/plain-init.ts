import { boxesIn, findBox, requireBox } from './boxes.ts'
import { VISUAL_ENTRY_BYTES } from './codec-string.ts'

/** No turn and no stretch, in 16.16 and 2.30 fixed point (ISO/IEC 14496-12 §6.2.2). */
const identity = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]

/** Boxes of a sample entry that tell of the source's light and not of ours. */
const sourceLight = new Set(['mdcv', 'clli'])

/**
 * Takes out of a video track's init what ffmpeg copied from the source although the pictures are made
 * anew: the display matrix of a turned source, by which an upright picture would be turned again, and
 * the mastering display of an HDR one. Changes the bytes in place; sizes stay, so that nothing moves.
 */
export function makeInitPlain(init: Buffer): void {
  const tkhd = requireBox(init, ['moov', 'trak', 'tkhd'])
  const matrix = tkhd.body + (init[tkhd.body] === 1 ? 52 : 40)
  for (const [i, value] of identity.entries()) init.writeUInt32BE(value, matrix + 4 * i)
  const stsd = findBox(init, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])
  if (stsd === null) return
  for (const entry of boxesIn(init, stsd.body + 8, stsd.end)) {
    for (const box of boxesIn(init, entry.body + VISUAL_ENTRY_BYTES, entry.end)) {
      if (sourceLight.has(box.type)) init.write('free', box.start + 4, 'latin1')
    }
  }
}
