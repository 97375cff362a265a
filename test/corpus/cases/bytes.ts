import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtureFolder } from '../../../scripts/clips/make.ts'

/** Byte surgery: what no encoder writes. Each returns the path of a new file in the folder of fixtures. */
export function written(name: string, content: string | Uint8Array): string {
  mkdirSync(fixtureFolder, { recursive: true })
  const path = join(fixtureFolder, `corpus-${name}`)
  writeFileSync(path, content)
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

/** A few kilobytes in the middle overwritten with noise that is the same each time. */
export function damaged(name: string, path: string, bytes = 6_000): string {
  const whole = readFileSync(path)
  const from = Math.floor(whole.length / 2)
  for (let i = 0; i < bytes; i++) whole[from + i] = (i * 2_654_435_761) >>> 24
  return written(name, whole)
}

/** Every occurrence of a four-letter code replaced. */
export function recoded(name: string, path: string, from: string, to: string): string {
  const whole = readFileSync(path)
  for (let at = whole.indexOf(from); at >= 0; at = whole.indexOf(from, at + 4)) whole.write(to, at, 'latin1')
  return written(name, whole)
}

/** Durations of mvhd, tkhd, mdhd and elst multiplied, in version 0 boxes, as ffmpeg writes them. */
export function lyingDuration(name: string, path: string, factor: number): string {
  const whole = readFileSync(path)
  const offsets = { mvhd: 20, mdhd: 20, tkhd: 24, elst: 12 }
  for (const [type, offset] of Object.entries(offsets)) {
    for (let at = whole.indexOf(type); at >= 0; at = whole.indexOf(type, at + 4)) {
      const place = at + offset
      whole.writeUInt32BE(Math.round(whole.readUInt32BE(place) * factor), place)
    }
  }
  return written(name, whole)
}

/** Width and height of the sample entry and the track header: a picture that would be enormous. */
export function hugeHeader(name: string, path: string, side: number): string {
  const whole = readFileSync(path)
  const entry = whole.indexOf('avc1', whole.indexOf('stsd')) + 28
  whole.writeUInt16BE(side, entry)
  whole.writeUInt16BE(side, entry + 2)
  return written(name, whole)
}
