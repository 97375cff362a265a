import { Hono } from 'hono'
import { readSystem, type SystemOverview } from '../jobs/read-system.ts'
import { readKept } from '../progress/look.ts'
import type { ApiContext } from './context.ts'

type Neighbours = Pick<ApiContext, 'sql' | 'redis' | 'names'>

/** `GET /system`: workers and what they do, what waits, failures of the day, throughput of the hour. */
export function systemRoutes(neighbours: Neighbours): Hono {
  return new Hono().get('/system', async (c) => {
    const overview = await readSystem(neighbours.sql)
    return c.json({ ...overview, speed: await speedOf(neighbours, overview) })
  })
}

/**
 * Seconds of film made each second just now: what the progress of the videos in hand says, all together.
 * Null when Redis does not answer. Of a silent worker's videos nothing is being made, whatever was said last.
 */
async function speedOf({ redis, names }: Neighbours, { workers }: SystemOverview): Promise<number | null> {
  const inHand = new Set(workers.flatMap(({ tasks }) => tasks.map((task) => task.video_id)))
  const kept = await readKept(redis, names, [...inHand])
  return kept && [...kept.values()].reduce((sum, { speed }) => sum + (speed ?? 0), 0)
}
