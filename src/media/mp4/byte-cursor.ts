import { StepladderError } from '../../errors.ts'

/**
 * Reads big-endian numbers one after the other from `start`; a read past `end` throws `bad_box`, so a
 * table that promises more than its box holds is never read from its neighbour.
 */
export function createByteCursor(buffer: Buffer, start: number, end: number) {
  let next = start

  function take(bytes: number): number {
    const at = next
    if (at + bytes > end) {
      throw new StepladderError(
        'bad_box',
        `a field of ${bytes} bytes at ${at} runs past its box, which ends at ${end}`,
      )
    }
    next += bytes
    return at
  }

  return {
    u8: () => buffer.readUInt8(take(1)),
    u16: () => buffer.readUInt16BE(take(2)),
    u32: () => buffer.readUInt32BE(take(4)),
    i32: () => buffer.readInt32BE(take(4)),
    u64: () => buffer.readBigUInt64BE(take(8)),
    /** Steps over `bytes` and answers where they began. */
    skip: (bytes: number) => take(bytes),
    get left() {
      return end - next
    },
  }
}
