import type { Finding } from '../support/finding.ts'
import { killerOf } from '../support/stand-in.ts'
import { check, endsWithinMs, type RowResult, silentLoad, type World } from '../support/world.ts'

const names = ['victim-1', 'victim-2', 'victim-3']

/** Sources that kill the worker which encodes them, among sound ones and beside them in the same worker. */
export async function poisonSubmitted(world: World): Promise<RowResult> {
  const { size } = world
  const { poisonous, sound } = size === 'full' ? { poisonous: 20, sound: 180 } : { poisonous: 2, sound: 10 }
  const [poison, food] = [await silentLoad(world, 'failed'), await silentLoad(world)]
  await using killer = await killerOf(poison.key)
  const crew = await startCrew(world, { FFMPEG_PATH: killer.path, WORKER_SLOTS: '2' })
  const every = sound / poisonous
  for (let job = 0; job < poisonous; job++) {
    await food.submitAll(every)
    await poison.submitAll(1)
  }
  const withinMs = endsWithinMs(world) + poisonous * 20_000
  await Promise.all([poison.untilEnded(withinMs), food.untilEnded(withinMs)])
  await crew.rest()
  const findings = await notCalledPoison(
    world,
    poison.acknowledged.map((one) => one.videoId),
  )
  const acknowledged = [...poison.acknowledged, ...food.acknowledged]
  findings.push(...(await check(world, { ...food, acknowledged })))
  await crew.drain()
  return {
    fault: 'poison input (crashes its worker)',
    runs: poisonous,
    jobs: acknowledged.length,
    findings,
    measured: `${crew.deaths()} workers died of it; ${sound} sound jobs completed`,
  }
}

/** Workers that come back under their names whenever they die. */
async function startCrew({ system }: World, environment: { [name: string]: string }) {
  let deaths = 0
  let resting = false
  const starting = new Set<Promise<void>>()

  async function keep(name: string): Promise<void> {
    const worker = await system.startWorker(name, environment)
    void worker.exited.then(() => {
      if (resting) return
      deaths++
      const again = keep(name)
      starting.add(again)
      void again.finally(() => starting.delete(again))
    })
  }

  await Promise.all(names.map(keep))
  return {
    deaths: () => deaths,
    /** Nobody is started again from now on; resolves when those that are coming up are there. */
    rest: async () => {
      resting = true
      await Promise.all(starting)
    },
    drain: async () => void (await Promise.all(names.map((name) => system.killWorker(name, 'SIGTERM')))),
  }
}

/** A poisonous video fails by its third crash, and says so. */
async function notCalledPoison({ system }: World, videoIds: string[]): Promise<Finding[]> {
  const rows = await system.sql<{ id: string; error_code: string | null; crashes: number }[]>`
    select v.id, v.error_code, (select max(crashes) from tasks t where t.video_id = v.id) as crashes
    from videos v where v.id = any(${videoIds}::uuid[])`
  return rows
    .filter((row) => row.error_code !== 'worker_crashed' || row.crashes !== 3)
    .map(({ id: video, error_code, crashes }) => {
      return { video, fact: 'crashes_wrong', detail: `poison: ${error_code} after ${crashes} crashes` }
    })
}
