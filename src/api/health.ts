import { Hono } from 'hono'
import type { ApiContext } from './context.ts'
import { checkReadiness } from './readiness.ts'

/** `GET /healthz`: the process is alive. `GET /readyz`: what it needs is there, and what is wrong if not. */
export function healthRoutes(context: ApiContext): Hono {
  return new Hono()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const { ready, checks } = await checkReadiness(context)
      c.header('Cache-Control', 'no-store')
      return c.json({ status: ready ? 'ready' : 'not_ready', checks }, ready ? 200 : 503)
    })
}
