import { createHash } from 'node:crypto'
import * as mediaChrome from 'media-chrome/all'
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

/**
 * No inline script, and of styles inside the page those of the player's elements alone; media, uploads and
 * segments go to the store; blob: is how hls.js feeds the player.
 */
function policy(config: Stores, ancestors: string): string {
  const store = new URL(config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT).origin
  const media = config.CDN_BASE_URL ? `${store} ${new URL(config.CDN_BASE_URL).origin}` : store
  return [
    `default-src 'self'`,
    `connect-src 'self' ${media}`,
    // data: is the empty text that hls.js gives its tracks of subtitles to begin with.
    `media-src 'self' data: blob: ${media}`,
    `img-src 'self' data: blob: ${media}`,
    `style-src 'self' ${styleHashes().join(' ')}`,
    `worker-src 'self' blob:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors ${ancestors}`,
  ].join('; ')
}

/**
 * media-chrome writes `<style>` elements into its shadow roots, which a policy blocks unless it names their
 * hashes (CSP Level 3 §6.7.3.2). Its classes give the same markup to servers as to browsers, so that the
 * hashes are always those of the release that is served.
 */
function styleHashes(): string[] {
  const markup = Object.values(mediaChrome).map((part) =>
    rendersMarkup(part) ? part.getTemplateHTML({}) : '',
  )
  const styles = markup.join('').matchAll(/<style[^>]*>(.*?)<\/style>/gs)
  const hashes = [...styles].map(([, text = '']) => createHash('sha256').update(text).digest('base64'))
  return [...new Set(hashes)].map((hash) => `'sha256-${hash}'`)
}

function rendersMarkup(part: unknown): part is { getTemplateHTML: (attributes: object) => string } {
  return typeof part === 'function' && 'getTemplateHTML' in part
}
