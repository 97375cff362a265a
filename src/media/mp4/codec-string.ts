/** What an init segment says of its only track: the timescale, and the codec in RFC 6381 form. */
import { StepladderError } from '../../errors.ts'
import { type Box, boxesIn, requireBox } from './boxes.ts'
import { createByteCursor } from './byte-cursor.ts'

/** Bytes of a sample entry before its child boxes (ISO/IEC 14496-12 §12.1.3 and §12.2.3), header not counted. */
export const VISUAL_ENTRY_BYTES = 78
const AUDIO_ENTRY_BYTES = 28

/** Units per second of the track (`mdhd`, ISO/IEC 14496-12 §8.4.2). */
export function trackTimescale(init: Buffer): number {
  const mdhd = requireBox(init, ['moov', 'trak', 'mdia', 'mdhd'])
  const fields = createByteCursor(init, mdhd.body, mdhd.end)
  const wide = fields.u32() >>> 24 === 1
  fields.skip(wide ? 16 : 8) // creation and modification time
  const timescale = fields.u32()
  if (timescale === 0) throw new StepladderError('bad_box', 'a timescale of zero')
  return timescale
}

/**
 * The CODECS string of the track, such as `avc1.64001f` or `mp4a.40.2`.
 * Throws `unknown_codec` for a sample entry that we do not make.
 */
export function codecString(init: Buffer): string {
  const stsd = requireBox(init, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])
  const [entry] = boxesIn(init, stsd.body + 8, stsd.end) // version, flags and the count of entries
  switch (entry?.type) {
    case 'avc1':
    case 'avc3':
      return avc(entry.type, configOf(init, entry, VISUAL_ENTRY_BYTES, 'avcC'))
    case 'hvc1':
    case 'hev1':
      return hevc(entry.type, configOf(init, entry, VISUAL_ENTRY_BYTES, 'hvcC'))
    case 'av01':
      return av1(configOf(init, entry, VISUAL_ENTRY_BYTES, 'av1C'))
    case 'mp4a':
      return mp4a(configOf(init, entry, AUDIO_ENTRY_BYTES, 'esds'))
    default:
      throw new StepladderError(
        'unknown_codec',
        `no codec string for a sample entry ${JSON.stringify(entry?.type)}`,
      )
  }
}

type Cursor = ReturnType<typeof createByteCursor>

function configOf(init: Buffer, entry: Box, entryBytes: number, type: string): Cursor {
  const config = requireBox(init, [type], { body: entry.body + entryBytes, end: entry.end })
  return createByteCursor(init, config.body, config.end)
}

/** Profile, constraint and level bytes of the AVCDecoderConfigurationRecord (RFC 6381 §3.3). */
function avc(entry: string, config: Cursor): string {
  config.skip(1)
  const bytes = [config.u8(), config.u8(), config.u8()]
  return `${entry}.${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** ISO/IEC 14496-15 annex E.3. */
function hevc(entry: string, config: Cursor): string {
  config.skip(1)
  const head = config.u8()
  const compatibility = reverseBits(config.u32())
  const constraints = [config.u8(), config.u8(), config.u8(), config.u8(), config.u8(), config.u8()]
  const level = config.u8()
  while (constraints.at(-1) === 0) constraints.pop()
  const space = ['', 'A', 'B', 'C'][head >> 6] ?? ''
  const tier = head & 0x20 ? 'H' : 'L'
  const hex = [compatibility, ...constraints].map((value) => value.toString(16).toUpperCase())
  return [entry, `${space}${head & 0x1f}`, hex[0], `${tier}${level}`, ...hex.slice(1)].join('.')
}

function reverseBits(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((value >>> bit) & 1)
  return reversed >>> 0
}

/** Profile, level, tier and depth; the optional rest is left out (AV1 in ISOBMFF §5). */
function av1(config: Cursor): string {
  config.skip(1)
  const head = config.u8()
  const flags = config.u8()
  const profile = head >> 5
  const level = String(head & 0x1f).padStart(2, '0')
  const tier = flags & 0x80 ? 'H' : 'M'
  const twelveBit = profile === 2 && (flags & 0x20) !== 0
  const depth = flags & 0x40 ? (twelveBit ? '12' : '10') : '08'
  return `av01.${profile}.${level}${tier}.${depth}`
}

/** Object type and, for MPEG-4 audio, the audio object type (RFC 6381 §3.3; ISO/IEC 14496-1 §7.2.6, 14496-3 §1.6.2). */
function mp4a(config: Cursor): string {
  config.skip(4) // version and flags
  openDescriptor(config, 3) // ES
  config.skip(2) // its id
  const flags = config.u8()
  if (flags & 0x80) config.skip(2) // the stream it depends on
  if (flags & 0x40) config.skip(config.u8()) // URL
  if (flags & 0x20) config.skip(2) // clock
  openDescriptor(config, 4) // decoder configuration
  const objectType = config.u8()
  if (objectType !== 0x40) return `mp4a.${objectType.toString(16)}`
  config.skip(12) // stream type, buffer, bitrates
  openDescriptor(config, 5) // AudioSpecificConfig
  const bits = config.u16()
  const short = bits >> 11
  return `mp4a.40.${short === 31 ? 32 + ((bits >> 5) & 0x3f) : short}`
}

/** Steps into a descriptor: its tag, then a length of 7 bits a byte. */
function openDescriptor(config: Cursor, tag: number): void {
  const found = config.u8()
  if (found !== tag) throw new StepladderError('bad_box', `descriptor ${found} where ${tag} was due`)
  while (config.u8() & 0x80);
}
