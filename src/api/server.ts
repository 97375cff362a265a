import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { StepladderError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { EventStreams } from './event-streams.ts'
import { answerMalformed, malformedResponse } from './malformed.ts'

/** Requests in progress get this long after the server stopped accepting. */
const drainMs = 5_000

/**
 * Listens; `port` is the real one where 0 was asked for. Disposing stops accepting, ends the event
 * streams, waits for the requests in progress and closes. Throws `not_listening`.
 */
export async function listen(
  app: Hono,
  options: { host: string; port: number; streams: EventStreams; log: Log },
): Promise<AsyncDisposable & { port: number }> {
  const server = createHttpServer(app, options.log)
  server.listen(options.port, options.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const where = `${options.host}:${options.port}`
    throw new StepladderError('not_listening', `cannot listen on ${where}: is the port taken?`, {
      cause: error,
    })
  }

  async function close(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    options.streams.close()
    const cut = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearTimeout(cut)
  }

  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : options.port
  return { port, [Symbol.asyncDispose]: close }
}

function createHttpServer(app: Hono, log: Log): Server {
  const listener = getRequestListener(app.fetch, { errorHandler: (error) => malformedResponse(error, log) })
  // The adaptor refuses what has no Host, with the answer above; Node's own has no body.
  const server = createServer({ requireHostHeader: false }, listener)
  answerMalformed(server, log)
  return server
}
