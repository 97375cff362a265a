import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtureFolder } from '../../../scripts/clips/make.ts'

/** Byte surgery: what no encoder writes. Each returns the path of a new file in the folder of fixtures. */
export function written(name: string, content: string | Uint8Array): string {
  mkdirSync(fixtureFolder, { recursive: true })
  const path = join(fixtureFolder, `corpus-${name}`)
  // Two cases may make the same file at the same time.
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`
  writeFileSync(unfinished, content)
  renameSync(unfinished, path)
  return path
}

export function concatenated(name: string, paths: readonly string[]): string {
  return written(name, Buffer.concat(paths.map((path) => readFileSync(path))))
}

/** The first part of a file. */
export function cut(name: string, path: string, share: number): string {
  const whole = readFileSync(path)
  return written(name, whole.subarray(0, Math.floor(whole.length * share)))
}

/** What comes before the first cluster of Matroska (RFC 9559 §5.1.3): all headers, and no picture. */
export function headOnly(name: string, path: string): string {
  const whole = readFileSync(path)
  return written(name, whole.subarray(0, whole.indexOf(Buffer.from('1f43b675', 'hex'))))
}

/** Zeros for all pictures and sounds (ISO/IEC 14496-12 §8.1.1); what tells of them stays. */
export function emptied(name: string, path: string): string {
  const whole = readFileSync(path)
  const box = whole.indexOf('mdat') - 4
  whole.fill(0, box + 8, box + whole.readUInt32BE(box))
  return written(name, whole)
}

/** A few kilobytes in the middle overwritten with noise that is the same each time. */
export function damaged(name: string, path: string, bytes: number): string {
  const whole = readFileSync(path)
  const from = Math.floor(whole.length / 2)
  for (let i = 0; i < bytes; i++) whole[from + i] = (i * 2_654_435_761) >>> 24
  return written(name, whole)
}

/** Every occurrence of a four-letter code replaced. */
export function recoded(name: string, path: string, from: string, to: string): string {
  const whole = readFileSync(path)
  for (const at of places(whole, from)) whole.write(to, at, 'latin1')
  return written(name, whole)
}

/** Durations of mvhd and mdhd multiplied, in version 0 boxes, as ffmpeg writes them (ISO/IEC 14496-12 §8.2.2). */
export function lyingDuration(name: string, path: string, factor: number): string {
  const whole = readFileSync(path)
  for (const at of [...places(whole, 'mvhd'), ...places(whole, 'mdhd')])
    whole.writeUInt32BE(Math.round(whole.readUInt32BE(at + 20) * factor), at + 20)
  return written(name, whole)
}

/** Width and height of the sample entry: a picture that would be enormous. */
export function hugeHeader(name: string, path: string, side: number): string {
  const whole = readFileSync(path)
  const entry = whole.indexOf('avc1', whole.indexOf('stsd')) + 28
  whole.writeUInt16BE(side, entry)
  whole.writeUInt16BE(side, entry + 2)
  return written(name, whole)
}

/** Width and height in every frame header of motion JPEG (ITU-T T.81 §B.2.2). */
export function hugeJpegs(name: string, path: string, side: number): string {
  const whole = readFileSync(path)
  for (const at of places(whole, Buffer.from('ffc00011', 'hex'))) {
    whole.writeUInt16BE(side, at + 5)
    whole.writeUInt16BE(side, at + 7)
  }
  return written(name, whole)
}

/** The matrix in the header of the first track (ISO/IEC 14496-12 §8.3.2): a picture to be turned clockwise. */
export function turned(name: string, path: string, degrees: 90 | 180 | 270): string {
  const whole = readFileSync(path)
  const [cos, sin] = { 90: [0, 1], 180: [-1, 0], 270: [0, -1] }[degrees] as [number, number]
  const matrix = whole.indexOf('tkhd') + 4 + 40
  const terms = { 0: cos, 4: sin, 12: -sin, 16: cos }
  for (const [offset, term] of Object.entries(terms))
    whole.writeInt32BE(term * 65_536, matrix + Number(offset))
  return written(name, whole)
}

/** The default duration of a frame in Matroska, in nanoseconds (RFC 9559 §5.1.4.1.13). */
export function lyingFrameDuration(name: string, path: string, nanoseconds: number): string {
  const whole = readFileSync(path)
  whole.writeUInt32BE(nanoseconds, whole.indexOf(Buffer.from('23e38384', 'hex')) + 4)
  return written(name, whole)
}

/** Presentation graphics of a Blu-ray, one empty display set a second: segments 0x16 (composition) and 0x80 (end). */
export function pictureSubtitles(name: string): string {
  const segment = (seconds: number, type: number, body: Buffer) => {
    const head = Buffer.alloc(13)
    head.write('PG')
    head.writeUInt32BE(seconds * 90_000, 2)
    head[10] = type
    head.writeUInt16BE(body.length, 11)
    return Buffer.concat([head, body])
  }
  const composition = (number: number) => Buffer.from([1, 64, 0, 180, 16, 0, number, 128, 0, 0, 0])
  const sets = [1, 2].flatMap((second) => [
    segment(second, 0x16, composition(second)),
    segment(second, 0x80, Buffer.alloc(0)),
  ])
  return written(name, Buffer.concat(sets))
}

function places(bytes: Buffer, wanted: string | Buffer): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 4)) found.push(at)
  return found
}
