import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Context, Hono } from 'hono'
import type { ApiContext } from './context.ts'
import { embedPolicy, pagePolicy } from './web-policy.ts'

const folder = fileURLToPath(new URL('web/', import.meta.url))

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** What the page takes from packages, each one file that its makers have bundled. */
const vendored: Record<string, string> = {
  'hls.min.js': import.meta.resolve('hls.js/dist/hls.min.js'),
  'media-chrome.js': import.meta.resolve('media-chrome/dist/iife/all.js'),
  'uplot.js': import.meta.resolve('uplot/dist/uPlot.esm.js'),
  'uplot.css': import.meta.resolve('uplot/dist/uPlot.min.css'),
  'uppy.mjs': import.meta.resolve('uppy/dist/uppy.min.mjs'),
  'uppy.css': import.meta.resolve('uppy/dist/uppy.min.css'),
}

/** The page at `/`, the bare player at `/embed/{id}`, the reference at `/docs`, and their files. Nothing is built. */
export function webRoutes({ config }: Pick<ApiContext, 'config'>): Hono {
  const policies = { page: pagePolicy(config), embed: embedPolicy(config) }
  const app = new Hono()
    .get('/', (c) => {
      c.header('Content-Security-Policy', policies.page)
      // No window that opened the page, or that it opens, holds on to it.
      c.header('Cross-Origin-Opener-Policy', 'same-origin')
      c.header('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
      return serve(c, join(folder, 'index.html'), 'no-cache')
    })
    .get('/docs', (c) => {
      c.header('Content-Security-Policy', policies.page)
      return serve(c, join(folder, 'reference.html'), 'no-cache')
    })
    .get('/embed/:id', (c) => {
      c.header('Content-Security-Policy', policies.embed)
      c.header('Cross-Origin-Resource-Policy', 'cross-origin')
      return serve(c, join(folder, 'embed.html'), 'no-cache')
    })
  // One route a file: an address is either exactly one of them or none.
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isServed)) {
    app.get(`/web/${name}`, (c) => serve(c, join(folder, name), 'no-cache'))
  }
  for (const [name, address] of Object.entries(vendored)) {
    app.get(`/vendor/${name}`, (c) => serve(c, fileURLToPath(address), 'max-age=86400'))
  }
  return app
}

function isServed(name: string): boolean {
  return extname(name) in contentTypes && extname(name) !== '.html'
}

async function serve(c: Context, path: string, caching: string): Promise<Response> {
  const type = contentTypes[extname(path)] ?? 'application/octet-stream'
  return c.body(await readFile(path), 200, { 'Content-Type': type, 'Cache-Control': caching })
}
