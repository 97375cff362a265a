import type { AppProcess } from '../../support/app-process.ts'
import { diedAt } from '../entries/die-at.ts'
import type { Finding } from './finding.ts'
import { notSwept, readLeft } from './left-entries.ts'
import type { Load } from './load.ts'
import type { Random } from './random.ts'
import { check, createWorld, endsWithinMs, silentLoad, type World } from './world.ts'

/** A system in which one process at a time is armed: it dies at a place told beforehand. */
export type Lane = AsyncDisposable & {
  world: World
  load: Load
  random: Random
  /** Starts a worker that will die at `place`, at its n-th passing. */
  armWorker(
    place: string,
    options?: { nth?: number; environment?: { [name: string]: string } },
  ): Promise<Armed>
  /** Starts an API that will. */
  armApi(place: string): Promise<Armed & { baseUrl: string }>
  /**
   * A sound worker takes over until every video has ended, also those whose submission was not answered.
   * Returns what is wrong with what the dead one left in the stream.
   */
  heal(): Promise<Finding[]>
  check(): Promise<Finding[]>
}

type Armed = {
  app: AppProcess
  /** Resolves when it has died there; rejects when it does not within half a minute, or dies otherwise. */
  died(): Promise<void>
}

/** On the servers of `world`, at short intervals. */
export async function createLane({ size, seed, servers }: World, random: Random): Promise<Lane> {
  // Nothing may lean on the reconciler, which would put up with a sweep that finds nothing.
  const environment = { RECONCILE_MS: '60000' }
  const world = await createWorld({ size, seed, servers, short: true, environment })
  const { system } = world
  const load = await silentLoad(world)

  function armed(app: AppProcess): Armed {
    return {
      app,
      died: async () => {
        await app.logged(diedAt)
        await app.exited
      },
    }
  }

  async function heal(): Promise<Finding[]> {
    const left = await readLeft(world)
    // Hints that the dead one had read wait for its name; without any, another may go on as well.
    const name = left.unclaimed.length > 0 || random.share() < 0.5 ? 'armed' : 'healer'
    await system.startWorker(name)
    await adoptUnanswered()
    await load.untilEnded(endsWithinMs(world))
    await system.killWorker(name, 'SIGTERM')
    return [...left.findings, ...(await notSwept(world, left.unclaimed))]
  }

  /** A submission whose answer was lost is in the table or is not; if it is, it must complete like others. */
  async function adoptUnanswered(): Promise<void> {
    const known = load.acknowledged.map((one) => one.videoId)
    const rows = await system.sql<{ id: string }[]>`
      select id from videos where not id = any(${known}::uuid[])`
    for (const { id } of rows) load.acknowledged.push({ videoId: id, expected: 'completed' })
  }

  /** With a worker that reads what was announced twice and would otherwise lie there unread. */
  async function checkAll(): Promise<Finding[]> {
    await system.startWorker('armed')
    const findings = await check(world, load)
    await system.killWorker('armed', 'SIGTERM')
    return findings
  }

  return {
    world,
    load,
    random,
    armWorker: async (place, { nth = 1, environment = {} } = {}) =>
      armed(await system.startWorker('armed', environment, ['--die-at', `${place}:${nth}`])),
    armApi: async (place) => {
      const { app, baseUrl } = await system.startApi({ args: ['--die-at', place] })
      return { ...armed(app), baseUrl }
    },
    heal,
    check: checkAll,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}
