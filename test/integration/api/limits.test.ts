import { expect, test } from 'vitest'
import { startApi } from './api-under-test.ts'

test('the limits are told as they are configured', async () => {
  const lead = {
    MAX_SOURCE_BYTES: 5_000,
    MAX_SOURCE_DURATION_S: 60,

    MAX_QUEUED_VIDEOS: 7,
    MAX_OPEN_UPLOADS: 0,
    RATE_WRITE: 8,
    RATE_PROBE: 0,
  }
  await using api = await startApi({ lead })
  const { status, body } = await api.ask('/limits')
  expect(status).toBe(200)
  expect(body).toEqual({
    source_bytes: 5_000,
    duration_s: 60,
    pixels: 35_389_440,
    fps: 120,
    streams: 32,
    output_fps: 60,
    body_bytes: 65_536,
    queued_videos: 7,
    open_uploads: null,
    event_streams: 2_000,
    requests: [
      { policy: 'read', quota: 6_000, window_s: 60 },
      { policy: 'write', quota: 8, window_s: 60 },
    ],
  })
})

test('a body is as large as it may be, and no larger', async () => {
  await using api = await startApi({ lead: { MAX_BODY_BYTES: 40_000 } })
  const padded = (bytes: number) => ' '.repeat(bytes - 2).concat('{}')
  const send = (body: string) => api.ask('/uploads', { method: 'POST', body, headers })
  const headers = { 'content-type': 'application/json' }
  expect((await send(padded(40_000))).status).toBe(201)
  expect(await send(padded(40_001))).toMatchObject({
    status: 413,
    body: { code: 'body_too_large', detail: 'The body may have 40000 bytes at most.' },
  })
})
