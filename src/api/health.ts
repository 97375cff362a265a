import { Hono } from 'hono'
import type { ApiContext } from './context.ts'
import { checkReadiness, type Told } from './readiness.ts'

/** `GET /healthz`: the process is alive. `GET /readyz`: what it needs is there, and what is wrong if not. */
export function healthRoutes(context: ApiContext): Hono {
  return new Hono()
    .get('/healthz', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const { ready, checks } = await checkReadiness(context)
      // Also while the database is away, which alone knows the keys.
      const caller = await context.identify(c, { byLink: false }).catch(() => null)
      const shown = caller ? checks : briefly(checks)
      return c.json({ status: ready ? 'ready' : 'not_ready', checks: shown }, ready ? 200 : 503)
    })
}

/** For who shows no key: balancers look at the status, and what stands behind it is nobody else's business. */
function briefly(checks: Record<string, Told>): Record<string, Told> {
  const entries = Object.entries(checks).map(([name, { status }]): [string, Told] => [
    name,
    { status, message: 'Ask with a key for the reason.' },
  ])
  return Object.fromEntries(entries)
}
