import { setTimeout as sleep } from 'node:timers/promises'
import { startStoreProxy } from '../../integration/store-proxy.ts'
import type { Finding } from '../support/finding.ts'
import { type Load, until } from '../support/load.ts'
import { startTcpProxy } from '../support/proxy.ts'
import { createRandom, type Random } from '../support/random.ts'
import {
  check,
  heavyLoad,
  hurried,
  type RowResult,
  startWorkers,
  tinyLoad,
  type World,
} from '../support/world.ts'

/** Longer than elsewhere: a task given back because of the store waits a minute. */
const endsWithinMs = 240_000

export type StoreFault = 'errors' | 'outage' | 'cut'

/**
 * The store behind the workers' backs answers 500 to 30 % of the calls, is away for long, or breaks off
 * in the middle of what it takes and gives. The API reaches it all the while.
 */
export async function storeFails(world: World, fault: StoreFault): Promise<RowResult> {
  const { size, seed } = world
  const runs = size === 'full' ? 3 : 1
  const outageMs = size === 'full' ? 600_000 : 8_000
  const random = createRandom(seed)
  const loads = [await tinyLoad(world), await heavyLoad(world)] as const
  await using broken = await breakable(world, fault, random)
  const environment = { S3_ENDPOINT: broken.endpoint }
  await using _ = await startWorkers(world, {
    name: `store-${fault}`,
    environments: [environment, environment],
  })
  for (let run = 0; run < runs; run++) {
    await loads[0].submitAll(4)
    // What runs for some seconds meets an outage in the middle.
    if (size === 'full' || fault === 'outage') await loads[1].submitAll(1)
    if (fault === 'outage') await untilUnderWay(loads[0], world)
    await broken.begin()
    if (fault === 'outage') {
      await sleep(outageMs)
      await broken.end()
    }
    await hurried(world, Promise.all(loads.map((load) => load.untilEnded(endsWithinMs))))
    await broken.end()
  }
  const acknowledged = loads.flatMap((load) => load.acknowledged)
  const findings = [
    ...(await attemptsSpent(world, loads)),
    ...(await check(world, { ...loads[0], acknowledged })),
  ]
  const names = {
    errors: '30 % of calls 500',
    outage: `${outageMs / 1000} s outage`,
    cut: 'bodies cut short',
  }
  return { fault: `S3: ${names[fault]}`, runs, jobs: acknowledged.length, findings, measured: broken.told() }
}

type Breakable = AsyncDisposable & {
  endpoint: string
  begin(): unknown
  end(): Promise<void>
  told(): string
}

async function breakable({ servers }: World, fault: StoreFault, random: Random): Promise<Breakable> {
  const { url } = servers.store
  if (fault === 'errors') {
    const proxy = await startStoreProxy(url)
    let failed = 0
    return {
      endpoint: proxy.endpoint,
      begin: () =>
        proxy.meet((incoming, response) => {
          if (random.share() >= 0.3) return false
          failed++
          incoming.resume()
          response.writeHead(500).end()
          return true
        }),
      end: async () => proxy.meet(() => false),
      told: () => `${failed} calls failed`,
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    }
  }
  const proxy = await startTcpProxy(url)
  return {
    endpoint: new URL(proxy.through(url)).origin,
    begin: () => {
      if (fault === 'outage') proxy.refuse()
      else
        proxy.shorten(() => (random.share() < 0.4 ? random.between(200, 60_000) : Number.POSITIVE_INFINITY))
      proxy.cut()
    },
    end: () => proxy.heal(),
    told: () => `${proxy.counts().accepted} connections`,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

async function untilUnderWay(load: Load, { system }: World): Promise<void> {
  await until(60_000, async () => {
    const rows = await system.sql`
      select from segments join tasks on id = task_id
      where video_id = any(${load.acknowledged.map((one) => one.videoId)}::uuid[])`
    return rows.length > 0 || 'no segment is committed'
  })
}

/** The store's faults are nobody's failure: no attempt is spent on them. */
async function attemptsSpent({ system }: World, loads: readonly Load[]): Promise<Finding[]> {
  const ids = loads.flatMap((load) => load.acknowledged.map((one) => one.videoId))
  const rows = await system.sql<{ video_id: string; kind: string; code: string; message: string }[]>`
    select t.video_id, t.kind, r.error ->> 'code' as code, r.error ->> 'message' as message
    from task_runs r join tasks t on t.id = r.task_id
    where t.video_id = any(${ids}::uuid[]) and r.outcome in ('retried', 'failed', 'lost')`
  return rows.map(({ video_id, kind, code, message }) => ({
    video: video_id,
    fact: 'attempt_spent',
    detail: `${kind}: ${code}: ${message}`,
  }))
}
