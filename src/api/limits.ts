import { Hono } from 'hono'
import { MAX_DURATION_S, MAX_PIXELS, MAX_STREAMS } from '../media/limits.ts'
import type { ApiContext } from './context.ts'

/** `GET /limits`: what a source may be at most, so that a client refuses a file before it sends a byte. */
export function limitRoutes({ config }: Pick<ApiContext, 'config'>): Hono {
  return new Hono().get('/limits', (c) =>
    c.json({
      source_bytes: config.MAX_SOURCE_BYTES,
      duration_s: MAX_DURATION_S,
      pixels: MAX_PIXELS,
      streams: MAX_STREAMS,
    }),
  )
}
