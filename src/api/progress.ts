import { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { StepladderError } from '../errors.ts'
import type { Watch } from '../progress/feed.ts'
import { eventNameOf, frameOf } from '../progress/frames.ts'
import { isOver } from '../progress/watched-video.ts'
import { openToAllOrigins } from './all-origins.ts'
import { callerOf, ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { type EventStream, endStream, sendFrame } from './event-streams.ts'
import { handedOn } from './link-token.ts'
import { createStatusFilter, progressQuerySchema, watchSome } from './progress-filter.ts'
import { whoAsks } from './rates/rate-limit.ts'
import { readQuery } from './request-query.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'

const headers = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
}

/**
 * Server-sent events: whole snapshots, the first one at once, for whoever comes early, late, again or
 * after the end. `/progress/{id}` ends with the video, `/progress` never.
 */
export function progressRoutes({ config, feed, streams, streamEnds, shares }: ApiContext): Hono {
  function start(c: Context, watch: Watch, follow: (stream: EventStream) => void): Response {
    const outgoing = outgoingOf(c)
    // Gone, or answered already because the start took too long.
    if (c.req.method === 'HEAD' || outgoing.destroyed || outgoing.headersSent) {
      watch.stop()
      return c.body(null, 200, headers)
    }
    if (streams.isClosing()) {
      watch.stop()
      throw new StepladderError('shutting_down', 'the server is shutting down; try again')
    }
    const leave = takeShare(c, watch)
    // The token is all that lets it in: no cookie of the person who looks at another site's page is.
    if (handedOn(c) !== null) openToAllOrigins(c)
    outgoing.writeHead(200, headOf(c))
    const stream = streams.open(outgoing, () => {
      forget()
      leave()
      watch.stop()
    })
    const { keyId } = callerOf(c)
    const forget = streamEnds.add({ keyId, until: c.get('expiresAt'), end: () => endStream(stream) })
    follow(stream)
    return RESPONSE_ALREADY_SENT
  }

  function takeShare(c: Context, watch: Watch): () => void {
    try {
      return shares.take(whoAsks(c, config.TRUST_PROXY_HOPS))
    } catch (error) {
      watch.stop()
      throw error
    }
  }

  return new Hono()
    .get('/progress', async (c) => {
      const { ids, status } = readQuery(c, progressQuerySchema)
      const owner = ownerOf(c)
      const watch = ids ? await watchSome(feed, owner, ids) : await feed.watchAll(owner)
      const isWanted = createStatusFilter(status)
      return start(c, watch, (stream) => {
        watch.follow((id, change) => {
          if (isWanted(id, change)) sendFrame(stream, id, frameOf(id, change, 'progress'))
        })
      })
    })
    .get('/progress/:id', async (c) => {
      const videoId = videoIdOf(c)
      const watch = await feed.watch(videoId, ownerOf(c))
      if (!watch) throw videoNotFound(videoId)
      return start(c, watch, (stream) => {
        watch.follow((id, change) => {
          sendFrame(stream, id, frameOf(id, change, eventNameOf(change)))
          if (isOver(change)) endStream(stream)
        })
      })
    })
}

/**
 * With what every answer carries. Taken from a response that is not sent: once `c.res` was looked at, Hono
 * copies `RESPONSE_ALREADY_SENT`, and the server no longer knows it.
 */
function headOf(c: Context): Record<string, string> {
  return Object.fromEntries(c.body(null, 200, headers).headers)
}

/** Node's own response, which the adaptor puts into the environment of each request. */
function outgoingOf(c: Context): ServerResponse {
  const outgoing: unknown = c.env?.outgoing
  if (!(outgoing instanceof ServerResponse)) throw new Error('event streams need the HTTP server of Node')
  return outgoing
}
