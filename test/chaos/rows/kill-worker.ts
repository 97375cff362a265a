import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { clockOf, type Load, until } from '../support/load.ts'
import { quantile, seconds } from '../support/quantile.ts'
import { createRandom, type Random } from '../support/random.ts'
import { check, type RowResult, silentLoad, type World } from '../support/world.ts'

const names = ['killed-1', 'killed-2', 'killed-3', 'killed-4']
/** The project's goal, at the lease and beat of production. */
const againWithinMs = 30_000

/** Workers are killed one by one while the queue is never empty; each comes back under its name a moment later. */
export async function workersKilled(
  world: World,
  amount: { jobs: number; kills: number },
): Promise<RowResult> {
  const { size, seed } = world
  const random = createRandom(seed)
  const load = await silentLoad(world)
  const crew = await startCrew(world)
  for (let kill = 0; kill < amount.kills; kill++) {
    await untilShort(world)
    await submitUpTo(load, Math.ceil((amount.jobs * (kill + 1)) / amount.kills))
    await sleep(random.between(200, 1_800) * (size === 'full' ? 2.5 : 0.5))
    await crew.killOne(random)
  }
  await crew.complete()
  await load.untilEnded(size === 'full' ? 900_000 : 120_000)
  const { findings, measured } = await judge(world, crew.deaths)
  findings.push(...(await check(world, load)))
  await crew.drain()
  return {
    fault: 'kill -9 a worker at random',
    runs: crew.deaths.size,
    jobs: load.acknowledged.length,
    findings,
    measured,
  }
}

/** Work for everybody and not much more, however fast the machine is: a task must not wait for others to be done. */
async function untilShort({ system }: World): Promise<void> {
  await until(300_000, async () => {
    const [row] = await system.sql<{ waiting: number }[]>`
      select count(*)::int as waiting from tasks where state = 'queued'`
    return (row?.waiting ?? 0) < 2 * names.length || `${row?.waiting} tasks wait`
  })
}

async function submitUpTo(load: Load, jobs: number): Promise<void> {
  await load.submitAll(Math.max(0, jobs - load.acknowledged.length))
}

/** Four workers, one slot each. */
async function startCrew(world: World) {
  const { system } = world
  /** Worker id by name, of those that are up. */
  const up = new Map<string, string>()
  /** When a worker died, by its id and the database's clock. */
  const deaths = new Map<string, Date>()
  const restarts: Promise<void>[] = []
  const start = async (name: string): Promise<void> => {
    const started = await (await system.startWorker(name)).logged('worker started')
    up.set(name, String(started.worker_id))
  }
  await Promise.all(names.map(start))

  async function killOne(random: Random): Promise<void> {
    const able = await candidates(world, up)
    const [name, id] = able[random.between(0, able.length)] ?? ['', '']
    up.delete(name)
    await system.killWorker(name, 'SIGKILL')
    deaths.set(id, await clockOf(system.sql))
    restarts.push(sleep(random.between(0, 1_000)).then(() => start(name)))
  }

  return {
    deaths,
    killOne,
    /** Resolves when all four are up again. */
    complete: async () => void (await Promise.all(restarts)),
    drain: async () => void (await Promise.all(names.map((name) => system.killWorker(name, 'SIGTERM')))),
  }
}

/**
 * Whom to kill: a task that lost its worker twice runs alone and would rightly be called poison at the
 * third time, which is another row.
 */
async function candidates(
  { system }: World,
  up: ReadonlyMap<string, string>,
): Promise<[name: string, id: string][]> {
  for (;;) {
    const rows = await system.sql<{ worker_id: string }[]>`
      select worker_id from tasks where state = 'running' and crashes >= 2`
    const spared = new Set(rows.map((row) => row.worker_id))
    const able = [...up].filter(([, id]) => !spared.has(id))
    if (able.length > 0) return able
    await sleep(50)
  }
}

/** How long after each kill the tasks of the dead worker were claimed again. */
async function judge(
  { system, size }: World,
  deaths: ReadonlyMap<string, Date>,
): Promise<Pick<RowResult, 'findings' | 'measured'>> {
  const rows = await system.sql<
    { video_id: string; task_id: number; worker_id: string; ended_at: Date; again: Date | null }[]
  >`
    select t.video_id, r.task_id, r.worker_id, r.ended_at, (select min(n.started_at) from task_runs n
      where n.task_id = r.task_id and n.fence > r.fence) as again
    from task_runs r join tasks t on t.id = r.task_id where r.outcome = 'lost'`
  const lost = rows.flatMap((row) => {
    const diedAt = deaths.get(row.worker_id)
    if (!diedAt) return []
    const sinceDeath = (at: Date) => at.getTime() - diedAt.getTime()
    return [{ ...row, reapedMs: sinceDeath(row.ended_at), afterMs: row.again && sinceDeath(row.again) }]
  })
  const findings = lost
    .filter((row) => row.afterMs === null)
    .map(({ video_id: video, task_id }): Finding => {
      return { video, fact: 'run_lost', detail: `task ${task_id} was not taken up again` }
    })
  const times = lost.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs]))
  const p99 = quantile(times, 0.99)
  // The subset kills far faster than workers die, so that its queue is longer than its leases.
  if (size === 'full' && !(p99 <= againWithinMs)) {
    findings.push({ video: null, fact: 'too_slow', detail: `taken up again after ${seconds(p99)} (p99)` })
  }
  const reaped = quantile(
    lost.map((row) => row.reapedMs),
    0.99,
  )
  const figures = [
    `${lost.length} tasks lost their worker`,
    `back in the queue after ${seconds(reaped)} p99`,
    `claimed again after ${seconds(quantile(times, 0.5))} p50, ${seconds(p99)} p99, ${seconds(Math.max(...times))} max`,
  ]
  return { findings, measured: figures.join('; ') }
}
