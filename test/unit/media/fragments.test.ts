import { expect, test } from 'vitest'
import { z } from 'zod'
import { findBox } from '../../../src/media/mp4/boxes.ts'
import { createFragmentReader, readFragment, rebaseFragment } from '../../../src/media/mp4/fragments.ts'
import { readSampleDefaults } from '../../../src/media/mp4/sample-runs.ts'
import { encodeVideoSample, probe, readFragments } from '../../support/encode-sample.ts'
import { box, makeFragment, makeInit, u32, u64 } from '../../support/make-mp4.ts'
import { codeThrownBy } from '../../support/thrown.ts'

function read(pieces: readonly Buffer[]): { inits: Buffer[]; fragments: [Buffer, Buffer][] } {
  const inits: Buffer[] = []
  const fragments: [Buffer, Buffer][] = []
  const reader = createFragmentReader({
    onInit: (init) => inits.push(init),
    onFragment: (moof, mdat) => fragments.push([moof, mdat]),
  })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return { inits, fragments }
}

/** A moof of one track with these boxes in its traf. */
function moofOf(...boxes: Buffer[]): Buffer {
  return box('moof', box('mfhd', u32(0, 1)), box('traf', ...boxes))
}

const TFHD = box('tfhd', u32(0x20000, 1))
const TFDT = box('tfdt', u32(0, 0))
const TRAF = box('traf', TFHD, TFDT, box('trun', u32(0x1, 1, 200)))

test('an output of ffmpeg reads as one init and its fragments, byte by byte as well', async () => {
  const [output = Buffer.alloc(0)] = await encodeVideoSample({ widths: [128], frames: 40 })
  const whole = read([output])
  expect(whole.inits).toHaveLength(1)
  expect(whole.fragments).toHaveLength(3)
  expect(Buffer.concat([...whole.inits, ...whole.fragments.flat()]).equals(output)).toBe(true)
  expect(read([...output].map((byte) => Buffer.of(byte)))).toEqual(whole)
})

test('styp, sidx, mfra and free are dropped', () => {
  const { moof, mdat } = makeFragment({ decodeTime: 0, frames: 1 })
  const init = makeInit()
  const stream = [init, box('free'), box('styp'), box('sidx', u32(1)), moof, mdat, box('mfra')]
  expect(read(stream)).toEqual({ inits: [init], fragments: [[moof, mdat]] })
})

test('boxes out of order are refused', () => {
  const { moof, mdat } = makeFragment({ decodeTime: 0, frames: 1 })
  const init = makeInit()
  for (const stream of [
    [init, mdat],
    [init, moof, moof],
    [init, moof, box('free'), mdat],
    [moof, mdat],
    [init, init],
    [init, box('moov')],
    [box('moov')],
  ]) {
    expect(codeThrownBy(() => read(stream))).toBe('bad_box')
  }
})

test('an output may end after a fragment, not inside one', () => {
  const { moof, mdat } = makeFragment({ decodeTime: 0, frames: 1 })
  const init = makeInit()
  const stream = Buffer.concat([init, moof, mdat])
  for (let length = 0; length <= stream.length; length++) {
    const whole = length === 0 || length === init.length || length === stream.length
    const expected = whole ? null : 'truncated_output'
    expect(
      codeThrownBy(() => read([stream.subarray(0, length)])),
      `${length} bytes`,
    ).toBe(expected)
  }
})

const packetsSchema = z.object({
  packets: z.array(
    z.object({
      dts: z.int(),
      duration: z.int(),
      size: z.coerce.number(),
      pos: z.coerce.number(),
      flags: z.string(),
    }),
  ),
})

test('a fragment reads as ffprobe reads its packets', async () => {
  const [output = Buffer.alloc(0)] = await encodeVideoSample({ widths: [128], frames: 40 })
  const { init, fragments } = readFragments(output)
  const { packets } = packetsSchema.parse(
    await probe(output, ['-show_entries', 'packet=dts,duration,size,pos,flags']),
  )
  // ffprobe applies the edit list, which moves all times by the same amount.
  const shift = packets[0]?.dts ?? 0
  let offset = init.length
  let at = 0
  for (const [moof, mdat] of fragments) {
    const found = readFragment(moof, readSampleDefaults(init))
    const own = packets.slice(at, at + found.frames)
    const first = own[0]
    const last = own.at(-1)
    if (!first || !last) throw new Error('ffprobe lists fewer packets')
    expect(found).toEqual({
      decodeTime: first.dts - shift,
      duration: last.dts + last.duration - first.dts,
      frames: own.length,
      syncBytes: first.pos + first.size - offset,
      totalBytes: moof.length + mdat.length,
      startsWithSync: true,
    })
    expect(own.map(({ flags }) => flags.includes('K'))).toEqual(own.map((_, i) => i === 0))
    offset += moof.length + mdat.length
    at += own.length
  }
  expect(at).toBe(40)
})

test('runs of one and two frames read as well', async () => {
  for (const frames of [1, 2]) {
    const [output = Buffer.alloc(0)] = await encodeVideoSample({ widths: [128], frames })
    const { init, fragments } = readFragments(output)
    const found = fragments.map(([moof]) => readFragment(moof, readSampleDefaults(init)))
    expect(found).toMatchObject([{ frames, duration: frames * 1000, decodeTime: 0, startsWithSync: true }])
  }
})

test('what neither trun nor tfhd says comes from the init', () => {
  const init = makeInit({ duration: 40, size: 7, flags: 0x10000 })
  const defaults = readSampleDefaults(init)
  const plain = (offset: number) => moofOf(TFHD, TFDT, box('trun', u32(0x1, 3, offset)))
  const length = plain(0).length
  expect(readFragment(plain(length + 8), defaults)).toEqual({
    decodeTime: 0,
    duration: 120,
    frames: 3,
    syncBytes: length + 8 + 7,
    totalBytes: length + 8 + 21,
    startsWithSync: false,
  })
})

test('tfhd overrides the init and trun overrides tfhd', () => {
  const defaults = readSampleDefaults(makeInit({ duration: 40, size: 7, flags: 0 }))
  const tfhd = box('tfhd', u32(0x20000 | 0x3a, 1, 1, 50, 8, 0x10000))
  const build = (offset: number) =>
    moofOf(
      tfhd,
      TFDT,
      box('trun', u32(0x1 | 0x200, 2, offset, 5, 6)),
      box('trun', u32(0x4 | 0x100, 1, 0, 60)),
    )
  const length = build(0).length
  expect(readFragment(build(length + 8), defaults)).toEqual({
    decodeTime: 0,
    duration: 160,
    frames: 3,
    syncBytes: length + 8 + 5,
    totalBytes: length + 8 + 5 + 6 + 8,
    startsWithSync: false,
  })
})

test.for([
  ['counts more samples than it lists', moofOf(TFHD, TFDT, box('trun', u32(0x101, 0xffffffff, 200, 1)))],
  ['lists more samples than it counts', moofOf(TFHD, TFDT, box('trun', u32(0x101, 1, 200, 1, 1)))],
  ['is cut off', moofOf(TFHD, TFDT, box('trun', u32(0x5, 1)))],
  ['has no samples', moofOf(TFHD, TFDT, box('trun', u32(0x1, 0, 200)))],
  ['points into its own moof', moofOf(TFHD, TFDT, box('trun', u32(0x1, 1, 8)))],
  ['does not say where its samples lie', moofOf(TFHD, TFDT, box('trun', u32(0, 1)))],
  ['has two tracks', box('moof', box('mfhd', u32(0, 1)), TRAF, TRAF)],
  [
    'has a tfhd shorter than its flags say',
    moofOf(box('tfhd', u32(0x8, 1)), TFDT, box('trun', u32(0x1, 1, 200))),
  ],
  ['has an absolute offset', moofOf(box('tfhd', u32(0x1, 1, 0, 0)), TFDT, box('trun', u32(0x1, 1, 200)))],
  ['has no decode time', moofOf(TFHD, box('trun', u32(0x1, 1, 200)))],
  ['is no moof', box('free', u32(1))],
] as const)('a fragment that %s is refused', ([, moof]) => {
  expect(codeThrownBy(() => void readFragment(moof))).toBe('bad_box')
})

test('a count of four billion samples that need no bytes is answered at once', () => {
  const build = (offset: number) => moofOf(TFHD, TFDT, box('trun', u32(0x1, 0xffffffff, offset)))
  const started = performance.now()
  readFragment(build(build(0).length + 8), { duration: 1, size: 1, flags: 0 })
  expect(performance.now() - started).toBeLessThan(100)
})

test('rebasing moves a 64-bit decode time past 32 bits and touches nothing else', () => {
  const { moof } = makeFragment({ decodeTime: 0xfffffff0, frames: 2 })
  const before = Buffer.from(moof)
  rebaseFragment(moof, { addDecodeTime: 2 ** 40, sequence: 77 })
  const tfdt = findBox(moof, ['moof', 'traf', 'tfdt'])
  const mfhd = findBox(moof, ['moof', 'mfhd'])
  if (!tfdt || !mfhd) throw new Error('boxes lost')
  expect(moof.readBigUInt64BE(tfdt.body + 4)).toBe(0xfffffff0n + 2n ** 40n)
  expect(moof.readUInt32BE(mfhd.body + 4)).toBe(77)
  expect(readFragment(moof, { duration: 1, size: 1, flags: 0 }).decodeTime).toBe(0xfffffff0 + 2 ** 40)
  before.copy(moof, tfdt.body + 4, tfdt.body + 4, tfdt.end)
  before.copy(moof, mfhd.body + 4, mfhd.body + 4, mfhd.end)
  expect(moof.equals(before)).toBe(true)
})

test('rebasing a 32-bit decode time stays within 32 bits or is refused', () => {
  const moof = moofOf(TFHD, box('tfdt', u32(0, 5)), box('trun', u32(0x1, 1, 200)))
  rebaseFragment(moof, { addDecodeTime: 0xfffffff0, sequence: 1 })
  expect(readFragment(moof).decodeTime).toBe(0xfffffff5)
  expect(codeThrownBy(() => rebaseFragment(moof, { addDecodeTime: 11, sequence: 1 }))).toBe('bad_box')
  expect(readFragment(moof).decodeTime).toBe(0xfffffff5)
})

test('a decode time that a number cannot hold is refused', () => {
  const moof = moofOf(TFHD, box('tfdt', u32(1 << 24), u64(2n ** 53n)), box('trun', u32(0x1, 1, 200)))
  expect(codeThrownBy(() => void readFragment(moof))).toBe('bad_box')
})
