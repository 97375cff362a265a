import type { Config } from '../config.ts'

type Stores = Pick<Config, 'S3_ENDPOINT' | 'S3_PUBLIC_ENDPOINT' | 'CDN_BASE_URL'>

/** Content-Security-Policy of the page at `/`, which no other page may frame. */
export function pagePolicy(config: Stores): string {
  return policy(config, `'none'`)
}

/** The same for `/embed/{id}`, which is made to be framed by any page. */
export function embedPolicy(config: Stores): string {
  return policy(config, '*')
}

/** No inline script; media, uploads and segments go to the store; blob: is how hls.js feeds the player. */
function policy(config: Stores, ancestors: string): string {
  const store = new URL(config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT).origin
  const media = config.CDN_BASE_URL ? `${store} ${new URL(config.CDN_BASE_URL).origin}` : store
  return [
    `default-src 'self'`,
    `connect-src 'self' ${media}`,
    `media-src 'self' blob: ${media}`,
    `img-src 'self' data: blob: ${media}`,
    `worker-src 'self' blob:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors ${ancestors}`,
  ].join('; ')
}
