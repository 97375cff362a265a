/** MP4 boxes made by hand, where a test needs what no encoder writes. */

export function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body])
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i)
  return bytes
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** The smallest init: samples of `duration` and `size` unless a fragment says otherwise. */
export function makeInit(defaults = { duration: 1000, size: 10, flags: 0 }, timescale = 30000): Buffer {
  const mdhd = box('mdhd', u32(0, 0, 0, timescale, 0, 0))
  const trex = box('trex', u32(0, 1, 1, defaults.duration, defaults.size, defaults.flags))
  const tkhd = box('tkhd', Buffer.alloc(84))
  return Buffer.concat([box('ftyp'), box('moov', box('trak', tkhd, box('mdia', mdhd)), box('mvex', trex))])
}

/** A fragment whose samples are all as the init's `trex` says; the first is a sync sample or not. */
export function makeFragment(options: {
  decodeTime: number
  frames: number
  sync?: boolean
  size?: number
}): {
  moof: Buffer
  mdat: Buffer
} {
  const { decodeTime, frames, sync = true, size = 10 } = options
  const tfhd = box('tfhd', u32(0x20000, 1))
  const tfdt = box('tfdt', u32(1 << 24), u64(BigInt(decodeTime)))
  const build = (dataOffset: number) => {
    const trun = box('trun', u32(0x5, frames, dataOffset, sync ? 0 : 0x10000))
    return box('moof', box('mfhd', u32(0, 1)), box('traf', tfhd, tfdt, trun))
  }
  const moof = build(build(0).length + 8)
  return { moof, mdat: box('mdat', Buffer.alloc(frames * size, decodeTime % 251)) }
}
