import { StepladderError } from '../../errors.ts'

/** Markers of ITU-T T.81, table B.1. */
const SOI = 0xffd8
const EOI = 0xd9
const SOS = 0xda
const FILL = 0xff

/**
 * Cuts a stream of JPEG pictures, one behind another as `-f image2pipe` writes them, into whole
 * ones. The buffers belong to the receiver. Throws `bad_picture` for what is none, or is larger than
 * `maxBytes`; `end()` throws it for a stream that ends inside one.
 */
export function createJpegReader({
  onPicture,
  maxBytes,
}: {
  onPicture: (jpeg: Buffer) => void
  maxBytes: number
}) {
  let pending: Buffer = Buffer.alloc(0)
  return {
    push(bytes: Buffer): void {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
      for (let length = jpegLength(pending); length !== null; length = jpegLength(pending)) {
        if (length > maxBytes) throw tooLarge(maxBytes)
        // A copy: it waits for its segment, and the piece it came in is much larger.
        onPicture(Buffer.from(pending.subarray(0, length)))
        pending = pending.subarray(length)
      }
      if (pending.length > maxBytes) throw tooLarge(maxBytes)
    },
    end(): void {
      if (pending.length > 0) throw new StepladderError('bad_picture', 'the output ends inside a picture')
    },
  }
}

/** Bytes of the JPEG that these begin with, null while its end has not come (ITU-T T.81, B.1.1 and B.2.1). */
function jpegLength(bytes: Buffer): number | null {
  if (bytes.length < 2) return null
  if (bytes.readUInt16BE(0) !== SOI) throw notJpeg(0)
  let at = 2
  while (at + 2 <= bytes.length) {
    const marker = bytes.readUInt8(at + 1)
    if (bytes.readUInt8(at) !== FILL || !isHeaderMarker(marker)) throw notJpeg(at)
    if (marker === EOI) return at + 2
    if (marker === FILL) {
      at += 1
      continue
    }
    if (at + 4 > bytes.length) return null
    const length = bytes.readUInt16BE(at + 2)
    if (length < 2) throw notJpeg(at)
    at += 2 + length
    if (marker === SOS) at = endOfScan(bytes, at)
  }
  return null
}

/** Not one that stands alone, within a scan, or at the beginning: TEM, RST0 to RST7, SOI and none at all. */
const isHeaderMarker = (marker: number): boolean => marker > 0x01 && (marker < 0xd0 || marker > 0xd8)

/** Where the marker behind entropy-coded data stands; past the end while it has not come. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = from; ; at += 2) {
    at = bytes.indexOf(0xff, at)
    if (at < 0 || at + 1 >= bytes.length) return bytes.length
    const next = bytes.readUInt8(at + 1)
    // 0xff00 is a coded 0xff; RST0 to RST7 part the data.
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at
  }
}

const notJpeg = (at: number) =>
  new StepladderError('bad_picture', `the output has something else than JPEG at byte ${at} of a picture`)

const tooLarge = (maxBytes: number) =>
  new StepladderError('bad_picture', `a picture has more than ${maxBytes} bytes`)
