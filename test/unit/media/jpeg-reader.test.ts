import { expect, test } from 'vitest'
import { createJpegReader } from '../../../src/media/segments/jpeg-reader.ts'
import { makeJpeg } from '../../support/make-jpeg.ts'
import { codeThrownBy } from '../../support/thrown.ts'

/** Hands a stream over in pieces of this size; its pictures. */
function read(stream: Buffer, { piece = stream.length, maxBytes = 1000 } = {}): Buffer[] {
  const pictures: Buffer[] = []
  const reader = createJpegReader({ onPicture: (jpeg) => pictures.push(jpeg), maxBytes })
  for (let at = 0; at < stream.length; at += piece) reader.push(stream.subarray(at, at + piece))
  reader.end()
  return pictures
}

const pictures = [makeJpeg(0), makeJpeg(5), makeJpeg(300)]
const stream = Buffer.concat(pictures)

test.each([1, 2, 3, 7, 64, 1000])('pictures come whole out of pieces of %i bytes', (piece) => {
  expect(read(stream, { piece })).toEqual(pictures)
})

test('no bytes are no pictures', () => {
  expect(read(Buffer.alloc(0))).toEqual([])
})

test('a marker may have fill bytes before it, and a picture several scans', () => {
  const jpeg = makeJpeg(4)
  const progressive = Buffer.concat([jpeg.subarray(0, -2), jpeg.subarray(10, -2), Buffer.from([0xff])])
  const whole = Buffer.concat([progressive, jpeg.subarray(-2)])
  expect(read(Buffer.concat([whole, jpeg]), { piece: 5 })).toEqual([whole, jpeg])
})

test('a stream that ends inside a picture is refused, wherever it ends', () => {
  const jpeg = makeJpeg(5)
  for (let end = 1; end < jpeg.length; end++) {
    expect(codeThrownBy(() => read(Buffer.concat([jpeg, jpeg.subarray(0, end)])))).toBe('bad_picture')
  }
})

test.each([
  ['text', Buffer.from('<html>')],
  ['something behind a picture', Buffer.concat([makeJpeg(), Buffer.from([0, 0])])],
  ['a header of a length that cannot be', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 0xff, 0xd9])],
  ['data without a header', Buffer.from([0xff, 0xd8, 0x12, 0x34])],
  ['a restart marker outside a scan', Buffer.from([0xff, 0xd8, 0xff, 0xd0, 0xff, 0xd9])],
  ['a beginning within a picture', Buffer.from([0xff, 0xd8, 0xff, 0xd8, 0xff, 0xd9])],
])('%s is refused', (_, bytes) => {
  expect(codeThrownBy(() => read(bytes, { piece: 3 }))).toBe('bad_picture')
})

test('a picture that is larger than allowed is refused before it is whole', () => {
  const reader = createJpegReader({ onPicture: () => {}, maxBytes: 200 })
  const jpeg = makeJpeg(1000)
  reader.push(jpeg.subarray(0, 200))
  expect(codeThrownBy(() => reader.push(jpeg.subarray(200, 201)))).toBe('bad_picture')
  expect(codeThrownBy(() => read(jpeg, { maxBytes: jpeg.length - 1 }))).toBe('bad_picture')
  expect(read(jpeg, { maxBytes: jpeg.length })).toEqual([jpeg])
})

test('a picture does not hold on to the piece it came in', () => {
  const [first] = read(stream)
  expect(first?.buffer).not.toBe(stream.buffer)
})
