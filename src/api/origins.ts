import type { MiddlewareHandler } from 'hono'
import type { Config } from '../config.ts'
import { StepladderError } from '../errors.ts'

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
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    const site = c.req.header('sec-fetch-site') ?? ''
    if (changes && !isListed && /^(cross-site|same-site)$/.test(site)) {
      throw new StepladderError('cross_site_request', 'a page of another site may not change anything here')
    }
    await next()
  }
}
