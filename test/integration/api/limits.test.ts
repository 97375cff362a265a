import { expect, test } from 'vitest'
import { startApi } from './api-under-test.ts'

test('the limits are told as they are configured', async () => {
  const lead = {
    MAX_SOURCE_BYTES: 5_000,
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
    duration_s: 43_200,
    pixels: 35_389_440,
    streams: 32,
    queued_videos: 7,
    open_uploads: null,
    event_streams: 2_000,
    requests: [
      { policy: 'read', quota: 6_000, window_s: 60 },
      { policy: 'write', quota: 8, window_s: 60 },
    ],
  })
})
