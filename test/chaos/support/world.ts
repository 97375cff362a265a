import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clip } from '../../support/fixtures.ts'
import { startSystem, type TestSystem } from '../../support/start-system.ts'
import { checkSystem } from './checker.ts'
import type { Acknowledged, Finding } from './finding.ts'
import { createLoad, type Load } from './load.ts'
import { type Servers, startServers } from './servers.ts'

/** `subset` runs with the tests, in seconds and at short intervals; `full` takes hours at production's. */
export type Size = 'subset' | 'full'

export type World = AsyncDisposable & {
  servers: Servers
  /** Has no workers: each row starts its own. */
  system: TestSystem
  size: Size
  seed: number
}

/** What a row of the fault table came to: right if nothing was found. */
export type RowResult = {
  fault: string
  runs: number
  jobs: number
  findings: Finding[]
  /** What was measured, in words. */
  measured: string
}

const shortIntervals = {
  LEASE_MS: '4000',
  BEAT_MS: '1000',
  REAP_MS: '1000',
  DISPATCH_MS: '250',
  RECONCILE_MS: '3000',
  BLOCK_MS: '1000',
  SWEEP_MS: '2000',
  RETRY_BASE_MS: '500',
}

/**
 * An API with a database, a Redis prefix and a bucket of its own: on `servers` if given, which then
 * outlive it, else on new ones. Intervals are short for the subset, and where `short` says so.
 */
export async function createWorld(options: {
  size: Size
  seed: number
  short?: boolean
  servers?: Servers
  environment?: { [name: string]: string }
}): Promise<World> {
  const { size, seed, short = size === 'subset', environment = {} } = options
  const servers = options.servers ?? (await startServers())
  const stopServers = async () => {
    if (!options.servers) await servers[Symbol.asyncDispose]()
  }
  try {
    const system = await startSystem({
      services: servers.environment,
      workers: 0,
      entries: join(import.meta.dirname, '../entries'),
      environment: { ...(short ? shortIntervals : {}), ...environment },
    })
    async function end(): Promise<void> {
      await system.dispose()
      await stopServers()
    }
    let ended: Promise<void> | null = null
    return {
      size,
      seed,
      servers,
      system,
      async [Symbol.asyncDispose]() {
        ended ??= end()
        await ended
      },
    }
  } catch (error) {
    await stopServers()
    throw error
  }
}

/** Two seconds, one rung and sound: seven tasks of a moment each. */
export async function tinyLoad({ system }: World): Promise<Load> {
  const path = await clip({ seconds: 2, width: 192, height: 108 })
  return createLoad(system, { path, frames: 60 })
}

/** One second, one rung and no sound: four tasks of a moment each. */
export async function silentLoad(
  { system }: World,
  expected: Acknowledged['expected'] = 'completed',
): Promise<Load> {
  const path = await clip({ seconds: 1, width: 192, height: 108, tones: [] })
  return createLoad(system, { path, frames: 30, expected })
}

/** One chunk of some seconds' work. */
export async function heavyLoad({ system }: World): Promise<Load> {
  const path = await clip({ seconds: 8, width: 640, height: 360 })
  return createLoad(system, { path, frames: 240 })
}

/** Workers named `<name>-1`, `<name>-2`, …, drained at the end of the row that started them. */
export async function startWorkers(
  { system }: World,
  options: { name: string; environments: readonly { [name: string]: string }[] },
) {
  const names = options.environments.map((_, index) => `${options.name}-${index + 1}`)
  await Promise.all(names.map((name, index) => system.startWorker(name, options.environments[index])))
  return {
    names,
    async [Symbol.asyncDispose]() {
      await Promise.all(names.map((name) => system.killWorker(name, 'SIGTERM')))
    },
  }
}

/** After a fault everything ends by itself, within a reconciliation and the longest pause between two attempts. */
export function endsWithinMs({ size }: World): number {
  return size === 'full' ? 300_000 : 60_000
}

/**
 * Waits for `ended`. In the subset the minute that a task stays away after an outage is over at once: its
 * time is moved, as the clock would have moved past it.
 */
export async function hurried({ system, size }: World, ended: Promise<unknown>): Promise<void> {
  let waiting = size === 'subset'
  const over = ended
    .catch(() => {})
    .then(() => {
      waiting = false
    })
  while (waiting) {
    await system.sql`
      update tasks set run_at = now() where state = 'queued' and run_at > now() + interval '10 s'`
    await Promise.race([sleep(1_000), over])
  }
  await ended
}

/** Everything the checker knows to ask, of the jobs of one row. */
export function check({ system }: World, load: Load): Promise<Finding[]> {
  return checkSystem({ ...system, workers: system.workers() }, load.acknowledged)
}
