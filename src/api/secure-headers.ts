import type { MiddlewareHandler } from 'hono'
import type { Config } from '../config.ts'
import { cameByTls } from './client-address.ts'

/**
 * What every answer says unless its route says otherwise: it is what its type says, no document to be shown
 * or framed, nothing that a page of another site may take in without asking (CORS asks), and one owner's, with
 * signed addresses in it, so that no cache on the way may give it to the next. What is made to be embedded, media and pictures, is opened by `allowAllOrigins`; the page has a policy of its own.
 */
export const headersOfAll: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** A browser keeps to TLS for a year: only told over TLS, where it counts (RFC 6797 §7.2). */
const keepToTls = 'max-age=31536000'

export function secureHeaders({
  TRUST_PROXY_HOPS: hops,
}: Pick<Config, 'TRUST_PROXY_HOPS'>): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(headersOfAll)) c.header(name, value)
    if (cameByTls(c, hops)) c.header('Strict-Transport-Security', keepToTls)
    await next()
  }
}
