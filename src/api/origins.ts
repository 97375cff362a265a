import type { Context, MiddlewareHandler } from 'hono'
import type { Config } from '../config.ts'
import { StepladderError } from '../errors.ts'
import { isSafe } from './safe-method.ts'

const exposed = [
  'Location',
  'Link',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Request-Id',
  'Idempotency-Replayed',
]
const preflight = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id',
  'Access-Control-Max-Age': '7200',
}

/**
 * Lets pages of the listed origins ask and read (CORS), and refuses what changes something from any other
 * site: a browser tells where a request comes from, and whoever can open this address could otherwise be made
 * to delete. No cookies are allowed for. Preflights are answered here, before anybody asks who it is.
 */
export function guardOrigins({ API_CORS_ORIGINS }: Pick<Config, 'API_CORS_ORIGINS'>): MiddlewareHandler {
  const listed = new Set(API_CORS_ORIGINS)
  return async (c, next) => {
    const origin = c.req.header('origin')
    const isListed = origin !== undefined && listed.has(origin)
    if (listed.size > 0) c.header('Vary', 'Origin')
    if (isListed) {
      c.header('Access-Control-Allow-Origin', origin)
      const isPreflight =
        c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') !== undefined
      if (isPreflight) return c.body(null, 204, preflight)
      c.header('Access-Control-Expose-Headers', exposed.join(', '))
    }
    if (!isSafe(c.req.method) && !isListed && isOfAnotherSite(c)) {
      throw new StepladderError('cross_site_request', 'a page of another site may not change anything here')
    }
    await next()
  }
}

/**
 * What the browser says, or else where the page lies: over plain HTTP to another machine, and in versions before
 * 2023, browsers say nothing, but name the page's origin with all that changes something. Programs send neither.
 */
function isOfAnotherSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return /^(cross-site|same-site)$/.test(site)
  const origin = c.req.header('origin')
  return origin !== undefined && URL.parse(origin)?.host !== new URL(c.req.url).host
}
