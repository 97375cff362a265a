import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Context, Hono } from 'hono'
import type { ApiContext } from './context.ts'

const pageFolder = fileURLToPath(new URL('web/', import.meta.url))
const hlsFolder = dirname(fileURLToPath(import.meta.resolve('hls.js')))

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** The page at `/`: the files of one flat folder, and hls.js beside them. Nothing is built. */
export function webRoutes({ config }: Pick<ApiContext, 'config'>): Hono {
  const policy = contentPolicy(config)
  const app = new Hono().get('/', (c) => {
    c.header('Content-Security-Policy', policy)
    return serve(c, join(pageFolder, 'index.html'), 'no-cache')
  })
  // One route a file: an address is either exactly one of them or none.
  for (const name of readdirSync(pageFolder).filter(isServed)) {
    app.get(`/${name}`, (c) => serve(c, join(pageFolder, name), 'no-cache'))
  }
  for (const name of readdirSync(hlsFolder).filter(isServed)) {
    app.get(`/vendor/${name}`, (c) => serve(c, join(hlsFolder, name), 'max-age=86400'))
  }
  return app
}

function isServed(name: string): boolean {
  return extname(name) in contentTypes
}

async function serve(c: Context, path: string, caching: string): Promise<Response> {
  const type = contentTypes[extname(path)] ?? 'application/octet-stream'
  return c.body(await readFile(path), 200, { 'Content-Type': type, 'Cache-Control': caching })
}

/** No inline script; media and playlists' segments from the store; blob: is how hls.js feeds the player. */
function contentPolicy(config: ApiContext['config']): string {
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
    `frame-ancestors 'none'`,
  ].join('; ')
}
