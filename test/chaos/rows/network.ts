import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { clockOf, type Load, until } from '../support/load.ts'
import { startTcpProxy } from '../support/proxy.ts'
import type { Direction } from '../support/proxy-connection.ts'
import { check, endsWithinMs, type RowResult, startWorkers, tinyLoad, type World } from '../support/world.ts'

const resumesWithinMs = 15_000
const directions: readonly (Direction | 'both')[] = ['both', 'to-server', 'to-client']

/** Each worker behind a proxy of its own loses sight of `server`, all at once, and nobody helps them. */
export async function blackHole(world: World, server: 'redis' | 'postgres'): Promise<RowResult> {
  const { system, size } = world
  const workers = size === 'full' ? 10 : 3
  const holeMs = size === 'full' ? 300_000 : 10_000
  const setting = server === 'redis' ? 'REDIS_URL' : 'DATABASE_URL'
  const url = system.environment[setting] ?? ''
  const proxies = await Promise.all(Array.from({ length: workers }, () => startTcpProxy(url)))
  await using stack = new AsyncDisposableStack()
  for (const proxy of proxies) stack.use(proxy)
  const load = await tinyLoad(world)
  const environments = proxies.map((proxy) => ({ [setting]: proxy.through(url) }))
  await using started = await startWorkers(world, { name: `hole-${server}`, environments })

  await load.submitAll(2 * workers)
  await untilClaimed(world, { since: new Date(0), names: started.names })
  for (const [index, proxy] of proxies.entries()) proxy.swallow(directions[index % 3] ?? 'both')
  await sleep(holeMs)
  const healedAt = await clockOf(system.sql)
  await Promise.all(proxies.map((proxy) => proxy.heal()))
  const feeding = new AbortController()
  const fed = keepBusy(world, { load, workers, signal: feeding.signal })
  const resumed = await untilClaimed(world, { since: healedAt, names: started.names })
  feeding.abort()
  await fed
  await load.untilEnded(endsWithinMs(world))
  const findings = [...late(resumed), ...(await check(world, load))]
  const sorted = [...resumed.values()].toSorted((a, b) => a - b)
  const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)} s`
  return {
    fault: `black hole worker↔${server === 'redis' ? 'Redis' : 'PostgreSQL'}, ${holeMs / 1000} s`,
    runs: workers,
    jobs: load.acknowledged.length,
    findings,
    measured: `resumed after ${seconds(sorted[Math.floor(sorted.length / 2)])} p50, ${seconds(sorted.at(-1))} max`,
  }
}

/** Enough waits at any moment that a worker which resumes finds something to do. */
async function keepBusy(
  { system }: World,
  options: { load: Load; workers: number; signal: AbortSignal },
): Promise<void> {
  const { load, workers, signal } = options
  while (!signal.aborted) {
    const [row] = await system.sql<{ waiting: number }[]>`
      select count(*)::int as waiting from tasks where state = 'queued'`
    if ((row?.waiting ?? 0) < 2 * workers) await load.submitAll(workers)
    await sleep(250, undefined, { signal }).catch(() => {})
  }
}

/** The milliseconds from `since` until each worker claimed a task; of one that did not within a minute, infinity. */
async function untilClaimed(
  { system }: World,
  options: { since: Date; names: readonly string[] },
): Promise<Map<string, number>> {
  const { since, names } = options
  const claimed = new Map<string, number>()
  const look = async (): Promise<true | string> => {
    const rows = await system.sql<{ worker_id: string; at: Date }[]>`
      select worker_id, min(started_at) as at from task_runs where started_at > ${since} group by worker_id`
    for (const { worker_id, at } of rows) {
      // The id of a worker is its name and eight random digits.
      claimed.set(worker_id.replace(/-[0-9a-f]{8}$/, ''), at.getTime() - since.getTime())
    }
    return names.every((name) => claimed.has(name)) || 'not every worker has claimed a task'
  }
  await until(60_000, look).catch(() => {}) // who is missing is told by the map
  return new Map(names.map((name) => [name, claimed.get(name) ?? Number.POSITIVE_INFINITY]))
}

function late(resumed: ReadonlyMap<string, number>): Finding[] {
  return [...resumed]
    .filter(([, ms]) => ms > resumesWithinMs)
    .map(([name, ms]) => ({ video: null, fact: 'too_slow', detail: `${name} resumed after ${ms} ms` }))
}
