import { findBox } from './boxes.ts'
import { createByteCursor } from './byte-cursor.ts'

/** The media time of an edit that shows nothing. */
const EMPTY = -1

/**
 * Where the track's presentation begins in its media, in the track's timescale (media_time of the first
 * entry of `elst`, ISO/IEC 14496-12 §8.6.6): the samples before it are an encoder's priming. Null without
 * an edit list, -1 for an edit without media.
 */
export function firstEdit(init: Buffer): number | null {
  const elst = findBox(init, ['moov', 'trak', 'edts', 'elst'])
  if (elst === null) return null
  const fields = createByteCursor(init, elst.body, elst.end)
  const wide = fields.u32() >>> 24 === 1
  if (fields.u32() === 0) return null
  fields.skip(wide ? 8 : 4) // the edit's duration
  return Number(wide ? BigInt.asIntN(64, fields.u64()) : fields.i32())
}

/**
 * Whether the track's presentation begins with nothing. This is where ffmpeg puts a missing head: with
 * `delay_moov` the first packet's time becomes such an edit and the decode times of the fragments start at
 * zero all the same, so they alone look whole.
 */
export const startsWithEmptyEdit = (init: Buffer): boolean => firstEdit(init) === EMPTY
