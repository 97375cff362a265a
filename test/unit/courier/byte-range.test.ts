import { expect, test } from 'vitest'
import { parseContentRange, validatorOf } from '../../../src/courier/byte-range.ts'

test.for([
  ['bytes 0-0/1', { first: 0, last: 0, totalBytes: 1 }],
  ['bytes 5-9/10', { first: 5, last: 9, totalBytes: 10 }],
  ['Bytes 5-7/10', { first: 5, last: 7, totalBytes: 10 }],
  ['bytes 5-9/*', null],
  ['bytes */10', null],
  ['bytes 9-5/10', null],
  ['bytes 5-10/10', null],
  ['bytes 5-9/10, bytes 0-1/10', null],
  ['bytes -5/10', null],
  ['bytes 0x5-9/10', null],
  ['bytes 5-9/1e3', null],
  ['seconds 5-9/10', null],
  ['bytes 5-99999999999999999999/99999999999999999999', null],
  ['', null],
  [undefined, null],
  [['bytes 5-9/10', 'bytes 0-9/10'], null],
] as const)('Content-Range %j is %j', ([header, range]) => {
  expect(parseContentRange(header)).toEqual(range)
})

const etag = '"v1"'
const old = 'Tue, 15 Nov 1994 12:45:26 GMT'
const date = 'Tue, 15 Nov 1994 12:46:26 GMT'

test.for([
  [{ etag }, { kind: 'etag', value: etag }],
  [{ etag: '""' }, { kind: 'etag', value: '""' }],
  [
    { etag, 'accept-ranges': 'bytes' },
    { kind: 'etag', value: etag },
  ],
  [{ etag, 'accept-ranges': 'none' }, null],
  [{ etag: `W/${etag}` }, null],
  [{ etag: 'v1' }, null],
  [{ etag: '"a" "b"' }, null],
  [{ etag: [etag, etag] }, null],
  [
    { date, 'last-modified': old },
    { kind: 'last-modified', value: old },
  ],
  // A date counts where there is no ETag at all.
  [{ etag: `W/${etag}`, date, 'last-modified': old }, null],
  [{ 'last-modified': old }, null],
  [{ date: old, 'last-modified': date }, null],
  [{ date: 'Tue, 15 Nov 1994 12:46:25 GMT', 'last-modified': old }, null],
  [{ date, 'last-modified': '1994-11-15' }, null],
  [{ date, 'last-modified': 'yesterday' }, null],
  [{}, null],
] as const)('an answer with %j goes on by %j', ([headers, validator]) => {
  expect(validatorOf(structuredClone(headers) as Record<string, string | string[]>)).toEqual(validator)
})
