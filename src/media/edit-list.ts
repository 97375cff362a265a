import { findBox } from './boxes.ts'
import { createByteCursor } from './byte-cursor.ts'

/**
 * Whether the track's presentation begins with nothing: an edit without media at the head of its edit
 * list (`elst` with media_time -1, ISO/IEC 14496-12 §8.6.6).
 *
 * This is where ffmpeg puts a missing head. With `delay_moov` the first packet's time becomes such an
 * edit and the decode times of the fragments start at zero all the same, so they alone look whole.
 */
export function startsWithEmptyEdit(init: Buffer): boolean {
  const elst = findBox(init, ['moov', 'trak', 'edts', 'elst'])
  if (elst === null) return false
  const fields = createByteCursor(init, elst.body, elst.end)
  const wide = fields.u32() >>> 24 === 1
  if (fields.u32() === 0) return false
  fields.skip(wide ? 8 : 4) // the edit's duration
  return wide ? fields.u64() === 0xffffffffffffffffn : fields.i32() === -1
}
