import { expect, test } from 'vitest'
import { PermanentError, StderrTail, TransientError } from '../../../src/errors.ts'
import { blameStore } from '../../../src/worker/blame-store.ts'

const there = { probe: async () => {} }
const away = { probe: () => Promise.reject(new Error('no answer')) }
const unread = (said: string) =>
  new TransientError('source_unreachable', 'the source could not be read', { cause: new StderrTail(said) })

test.each([
  'HTTP error 503 Service Unavailable',
  'Server returned 5XX Server Error reply',
  '<store>/a: Connection refused',
  'Connection reset by peer',
])('the store is to blame for: %s', async (said) => {
  expect(await blameStore(there, unread(said))).toMatchObject({ code: 'storage_unavailable' })
})

test('a store that does not answer is to blame for what could not be read or stood still', async () => {
  for (const error of [unread('End of file'), new TransientError('ffmpeg_stalled', 'no progress')]) {
    expect(await blameStore(away, error)).toMatchObject({ code: 'storage_unavailable' })
    expect(await blameStore(there, error)).toBe(error)
  }
})

test('a store that is away makes no good source of a bad one', async () => {
  const error = new PermanentError('corrupt_input', 'broken')
  expect(await blameStore(away, error)).toBe(error)
})
