import { expect, test } from 'vitest'
import { findBox, requireBox } from '../../../src/media/mp4/boxes.ts'
import { makeInitPlain } from '../../../src/media/mp4/plain-init.ts'
import { box, u32 } from '../../support/make-mp4.ts'

const identity = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
/** A quarter turn, as phones write it. */
const turned = u32(0, 0x10000, 0, 0xffff0000, 0, 0, 0, 0, 0x40000000)

function init(version: 0 | 1, children: Buffer[] = []): Buffer {
  const times = Buffer.alloc(version === 0 ? 20 : 32, 7)
  const tkhd = box('tkhd', u32(version << 24), times, Buffer.alloc(16, 8), turned, u32(320 << 16, 180 << 16))
  const entry = box('avc1', Buffer.alloc(78, 1), box('avcC', Buffer.alloc(9, 2)), ...children)
  const stbl = box('stbl', box('stsd', u32(0, 1), entry))
  return box('moov', box('trak', tkhd, box('mdia', box('minf', stbl))))
}

test.each([0, 1] as const)(
  'a turned track header of version %i is upright afterwards, else unchanged',
  (version) => {
    const before = init(version)
    const after = Buffer.from(before)
    makeInitPlain(after)
    const at = before.indexOf(turned)
    expect(after.subarray(at, at + 36)).toEqual(identity)
    expect(after.subarray(0, at)).toEqual(before.subarray(0, at))
    expect(after.subarray(at + 36)).toEqual(before.subarray(at + 36))
  },
)

test("the source's mastering display is not told of, and every box stays where it was", () => {
  const bytes = init(0, [box('mdcv', Buffer.alloc(24, 3)), box('clli', u32(1, 2)), box('colr', u32(9))])
  const size = bytes.length
  makeInitPlain(bytes)
  expect(bytes).toHaveLength(size)
  const text = bytes.toString('latin1')
  expect([text.includes('mdcv'), text.includes('clli'), text.includes('colr')]).toEqual([false, false, true])
  const stsd = requireBox(bytes, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])
  expect(findBox(bytes, ['avc1'], { body: stsd.body + 8, end: stsd.end })).not.toBeNull()
})
