import { Hono } from 'hono'
import { readSystem } from '../jobs/read-system.ts'
import type { ApiContext } from './context.ts'

/** `GET /system`: workers and what they do, what waits, failures of the day, throughput of the hour. */
export function systemRoutes({ sql }: Pick<ApiContext, 'sql'>): Hono {
  return new Hono().get('/system', async (c) => {
    c.header('Cache-Control', 'no-store')
    return c.json(await readSystem(sql))
  })
}
