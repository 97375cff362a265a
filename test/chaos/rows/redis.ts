import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { clockOf, type Load, until } from '../support/load.ts'
import { createRandom } from '../support/random.ts'
import { check, endsWithinMs, type RowResult, startWorkers, tinyLoad, type World } from '../support/world.ts'

/** Announced again within this: a reconciliation, and half as much again. */
const announcedWithinMs = 180_000

/** Redis dies under load and comes back, with its append-only file or with nothing at all. */
export async function redisKilled(world: World, persistence: 'aof' | 'none'): Promise<RowResult> {
  const { servers, size, seed } = world
  const runs = size === 'full' ? (persistence === 'aof' ? 20 : 10) : 1
  const random = createRandom(seed)
  const load = await tinyLoad(world)
  await using _ = await startWorkers(world, { name: `redis-${persistence}`, environments: [{}, {}] })
  const findings: Finding[] = []
  const announcedMs: number[] = []
  for (let run = 0; run < runs; run++) {
    await load.submitAll(10)
    await sleep(random.between(0, 1_000))
    await servers.redis.kill('SIGKILL')
    if (persistence === 'none') rmSync(servers.redis.folder, { recursive: true, force: true })
    findings.push(...(await submitsWithout(load, 2)))
    await servers.redis.start()
    announcedMs.push(await untilAnnouncedAgain(world))
    await load.untilEnded(endsWithinMs(world))
  }
  const slowest = Math.max(...announcedMs)
  if (slowest > announcedWithinMs) {
    findings.push({ video: null, fact: 'too_slow', detail: `announced again after ${slowest} ms` })
  }
  findings.push(...(await check(world, load)))
  const fault = `Redis kill -9 ${persistence === 'aof' ? 'with AOF' : 'without persistence'}`
  const measured = `announced again after ${(slowest / 1000).toFixed(1)} s at most`
  return { fault, runs, jobs: load.acknowledged.length, findings, measured }
}

/** A submission needs the database alone. */
async function submitsWithout(load: Load, count: number): Promise<Finding[]> {
  const wrong: Finding[] = []
  for (let n = 0; n < count; n++) {
    const status = await load.submit()
    if (status === 201) continue
    wrong.push({ video: null, fact: 'wrong_answer', detail: `a submission without Redis: ${status}` })
  }
  return wrong
}

/** Until no task waits with a hint from before the restart. Returns how long that took. */
async function untilAnnouncedAgain({ system, size }: World): Promise<number> {
  const since = await clockOf(system.sql)
  await until(size === 'full' ? announcedWithinMs + 60_000 : 60_000, async () => {
    const stale = await system.sql`
      select id from tasks where state = 'queued' and kind <> 'fetch' and run_at <= now()
      and announced_at < ${since}`
    return stale.length === 0 || `${stale.length} tasks are not announced again`
  })
  return (await clockOf(system.sql)).getTime() - since.getTime()
}

const damages = {
  FLUSHALL: ({ system }: World) => system.redis.flushall(),
  'stream deleted': ({ system }: World) => system.redis.del(system.names.stream),
  'group deleted': ({ system }: World) =>
    system.redis.xgroup('DESTROY', system.names.stream, system.names.group),
  DELCONSUMER: async ({ system }: World) => {
    const { redis, names } = system
    for (const { name } of system.workers()) {
      await redis.xgroup('DELCONSUMER', names.stream, names.group, name)
    }
  },
} as const
export type Damage = keyof typeof damages
export const allDamages = Object.keys(damages) as Damage[]

/** Somebody's hand in Redis, under load. */
export async function streamDamaged(world: World, damage: Damage): Promise<RowResult> {
  const { size, seed } = world
  const runs = size === 'full' ? 5 : 1
  const random = createRandom(seed)
  const load = await tinyLoad(world)
  const name = damage.toLowerCase().replaceAll(' ', '-')
  await using _ = await startWorkers(world, { name, environments: [{}, {}] })
  for (let run = 0; run < runs; run++) {
    await load.submitAll(8)
    await sleep(random.between(0, 1_000))
    await damages[damage](world)
    await load.submitAll(1)
    await load.untilEnded(endsWithinMs(world))
  }
  const findings = await check(world, load)
  return { fault: damage, runs, jobs: load.acknowledged.length, findings, measured: '' }
}
