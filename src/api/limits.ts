import { Hono } from 'hono'
import { MAX_FPS } from '../media/plan/frame-rate.ts'
import type { ApiContext } from './context.ts'
import { policiesOf } from './rates/policy.ts'

/** `GET /limits`: what a source may be at most, and what a caller may have and ask for; null is without end. */
export function limitRoutes({ config }: Pick<ApiContext, 'config'>): Hono {
  const answer = {
    source_bytes: config.MAX_SOURCE_BYTES,
    duration_s: config.MAX_SOURCE_DURATION_S,
    pixels: config.MAX_SOURCE_PIXELS,
    fps: config.MAX_SOURCE_FPS,
    streams: config.MAX_SOURCE_STREAMS,
    output_fps: MAX_FPS,
    body_bytes: config.MAX_BODY_BYTES,
    queued_videos: config.MAX_QUEUED_VIDEOS || null,
    open_uploads: config.MAX_OPEN_UPLOADS || null,
    event_streams: config.MAX_EVENT_STREAMS || null,
    requests: [...policiesOf(config).values()].map(({ name, quota, windowS }) => ({
      policy: name,
      quota,
      window_s: windowS,
    })),
  }
  return new Hono().get('/limits', (c) => c.json(answer))
}
