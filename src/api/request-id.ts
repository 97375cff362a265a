import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'

/** Of a proxy or client that numbers its requests: UUIDs, ULIDs, base64 and trace ids, and nothing that a log could take for more. */
const acceptable = /^[\w.:+/=@-]{1,128}$/

export const requestIdHeader = 'X-Request-Id'

/** Names each request by the `X-Request-Id` that it came with, or one of our own, and tells it in the answer. */
export const identifyRequests: MiddlewareHandler = async (c, next) => {
  const given = c.req.header('x-request-id')
  const id = given !== undefined && acceptable.test(given) ? given : randomUUID()
  c.set('requestId', id)
  c.header(requestIdHeader, id)
  await next()
}

/** What the lines of the log and the answer to a request have in common. */
export function requestIdOf(c: Context): string | undefined {
  return c.get('requestId')
}
