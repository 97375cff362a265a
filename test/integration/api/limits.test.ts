import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

test('the limits of a source are told, the bytes as they are configured', async () => {
  const { status, body } = await api.ask('/limits')
  expect(status).toBe(200)
  expect(body).toEqual({
    source_bytes: api.config.MAX_SOURCE_BYTES,
    duration_s: 43_200,
    pixels: 35_389_440,
    streams: 32,
  })
})
