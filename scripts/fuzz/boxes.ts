/** Where a box of an MP4 begins and how long it is, head included. */
export type Box = { at: number; size: number }

/** Those that hold others (ISO/IEC 14496-12 §6.2). */
const containers = new Set([
  'moov',
  'trak',
  'mdia',
  'minf',
  'stbl',
  'dinf',
  'edts',
  'udta',
  'moof',
  'traf',
  'mvex',
])

/** Every box at every depth, as far as the sizes make sense; none for a file of another family. */
export function boxesOf(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (size < 8 || at + size > to || !/^[A-Za-z0-9 ]{4}$/.test(type)) break
    found.push({ at, size })
    if (containers.has(type)) found.push(...boxesOf(bytes, at + 8, at + size))
    at += size
  }
  return found
}
