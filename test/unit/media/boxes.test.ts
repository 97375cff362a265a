import { expect, test } from 'vitest'
import { boxesIn, createBoxSplitter, findBox } from '../../../src/media/mp4/boxes.ts'
import { encodeVideoSample } from '../../support/encode-sample.ts'
import { box, u32, u64 } from '../../support/make-mp4.ts'
import { codeThrownBy } from '../../support/thrown.ts'

function split(pieces: Iterable<Buffer>, maxBoxBytes?: number): [string, Buffer][] {
  const found: [string, Buffer][] = []
  const onBox = (type: string, bytes: Buffer) => void found.push([type, bytes])
  const splitter = createBoxSplitter({ onBox, ...(maxBoxBytes === undefined ? {} : { maxBoxBytes }) })
  for (const piece of pieces) splitter.push(piece)
  splitter.end()
  return found
}

function* cutInto(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const LONG_BOX = Buffer.concat([u32(1), Buffer.from('mdat'), u64(20n), Buffer.from('long')])

test('a stream splits into the same boxes however it is cut', async () => {
  const [output = Buffer.alloc(0)] = await encodeVideoSample({ widths: [128], frames: 20 })
  const stream = Buffer.concat([output, LONG_BOX, box('free')])
  const whole = split([stream])
  expect(whole.map(([type]) => type)).toEqual([
    'ftyp',
    'moov',
    'moof',
    'mdat',
    'moof',
    'mdat',
    'mdat',
    'free',
  ])
  expect(Buffer.concat(whole.map(([, bytes]) => bytes)).equals(stream)).toBe(true)
  for (const size of [1, 7, 16, 4096]) expect(split(cutInto(stream, size))).toEqual(whole)
})

test('a box handed out is not touched by later pushes', () => {
  const piece = box('free', Buffer.from('first'))
  const [found] = split([piece])
  piece.fill(0)
  expect(found?.[1].toString('latin1', 4)).toBe('freefirst')
})

test.for([
  ['0', Buffer.concat([u32(0), Buffer.from('mdat'), Buffer.alloc(100)])],
  ['less than its own header', Buffer.concat([u32(7), Buffer.from('mdat'), Buffer.alloc(100)])],
  [
    'less than its own 64-bit header',
    Buffer.concat([u32(1), Buffer.from('mdat'), u64(15n), Buffer.alloc(100)]),
  ],
  ['4 GB', Buffer.concat([u32(0xffffffff), Buffer.from('mdat'), Buffer.alloc(100)])],
  ['2^64 - 1', Buffer.concat([u32(1), Buffer.from('mdat'), u64(0xffffffffffffffffn), Buffer.alloc(100)])],
] as const)('a box of size %s is refused, in a stream and in a buffer', ([, bytes]) => {
  expect(codeThrownBy(() => split([bytes]))).toBe('bad_box')
  expect(codeThrownBy(() => split(cutInto(bytes, 1)))).toBe('bad_box')
  expect(codeThrownBy(() => void [...boxesIn(bytes)])).toBe('bad_box')
})

test('a box may be as large as the cap and not a byte more', () => {
  const bytes = box('mdat', Buffer.alloc(92))
  expect(split([bytes], 100)).toHaveLength(1)
  expect(codeThrownBy(() => split([bytes], 99))).toBe('bad_box')
})

test('a stream may end between two boxes only', () => {
  const stream = Buffer.concat([box('ftyp', u32(1)), LONG_BOX])
  const wholeAt = [0, 12, 32]
  for (let length = 0; length <= stream.length; length++) {
    const expected = wholeAt.includes(length) ? null : 'truncated_output'
    expect(
      codeThrownBy(() => split([stream.subarray(0, length)])),
      `${length} bytes`,
    ).toBe(expected)
  }
})

test('a large box in small pieces takes linear time', () => {
  const stream = box('mdat', Buffer.alloc(16 * 1024 * 1024))
  const started = performance.now()
  expect(split(cutInto(stream, 512))).toHaveLength(1)
  // Some 10 ms; joining anew at each of 32,768 pushes would copy 256 GB.
  expect(performance.now() - started).toBeLessThan(2000)
})

test('a box is found by its path, among siblings and with a 64-bit size', () => {
  const long = Buffer.concat([u32(1), Buffer.from('trak'), u64(28n), box('mdia', u32(7))])
  const bytes = Buffer.concat([box('ftyp'), box('moov', box('mvhd', u32(9)), long)])
  const found = findBox(bytes, ['moov', 'trak', 'mdia'])
  expect(found && bytes.readUInt32BE(found.body)).toBe(7)
  expect(findBox(bytes, ['moov', 'mdia'])).toBeNull()
})

test('a box that runs past its parent is refused, though the buffer goes on', () => {
  const child = Buffer.concat([u32(40), Buffer.from('trak'), Buffer.alloc(8)])
  const bytes = Buffer.concat([box('moov', child), box('free', Buffer.alloc(100))])
  expect(codeThrownBy(() => void findBox(bytes, ['moov', 'trak']))).toBe('bad_box')
})

test('stray bytes after the last box are refused', () => {
  for (let stray = 1; stray < 8; stray++) {
    const bytes = box('moov', box('trak'), Buffer.alloc(stray))
    expect(codeThrownBy(() => void findBox(bytes, ['moov', 'mdia']))).toBe('bad_box')
  }
})
