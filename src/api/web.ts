import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Context, Hono } from 'hono'
import { StepladderError } from '../errors.ts'
import type { ApiContext } from './context.ts'

const pageFolder = fileURLToPath(new URL('web/', import.meta.url))
const hlsFolder = dirname(fileURLToPath(import.meta.resolve('hls.js')))

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
}

/** The page at `/`: the files of one flat folder, and hls.js beside them. Nothing is built. */
export function webRoutes({ config }: Pick<ApiContext, 'config'>): Hono {
  const policy = contentPolicy(config)
  return new Hono()
    .get('/', (c) => {
      c.header('Content-Security-Policy', policy)
      return serve(c, { folder: pageFolder, name: 'index.html', caching: 'no-cache' })
    })
    .get('/vendor/:file', (c) => {
      const name = c.req.param('file')
      if (!/^hls(\.[a-z]+)*\.m?js$/.test(name)) throw notFound(c)
      return serve(c, { folder: hlsFolder, name, caching: 'max-age=86400' })
    })
    .get('/:file', (c) => serve(c, { folder: pageFolder, name: c.req.param('file'), caching: 'no-cache' }))
}

async function serve(
  c: Context,
  file: { folder: string; name: string; caching: string },
): Promise<Response> {
  const extension = /^[a-z0-9-]+(?:\.[a-z]+)*\.([a-z0-9]+)$/.exec(file.name)?.[1] ?? ''
  const type = contentTypes[extension]
  if (!type) throw notFound(c)
  try {
    const bytes = await readFile(join(file.folder, file.name))
    return c.body(bytes, 200, { 'Content-Type': type, 'Cache-Control': file.caching })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw notFound(c)
    throw error
  }
}

function notFound(c: Context): StepladderError {
  return new StepladderError('route_not_found', `there is nothing at ${c.req.path}`)
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
