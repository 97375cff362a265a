import { Hono } from 'hono'
import { makeDocument } from './openapi/document.ts'

/** `GET /openapi.json`: what `docs/openapi.json` holds. Each route is described in `openapi/`, one file a resource. */
export function openApiRoutes(): Hono {
  let text: string | undefined
  return new Hono().get('/openapi.json', (c) => {
    text ??= JSON.stringify(makeDocument())
    return c.body(text, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' })
  })
}
