import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { createRandom } from '../support/random.ts'
import {
  check,
  endsWithinMs,
  type RowResult,
  silentLoad,
  startWorkers,
  type World,
} from '../support/world.ts'

/** A copy comes between at once and this much later: before its task is claimed, while it runs, and after. */
const latestMs = 1_500

/** Whatever is written to the stream is written twice, and each task runs once. */
export async function deliveredTwice(world: World, { jobs }: { jobs: number }): Promise<RowResult> {
  const { system, size } = world
  const load = await silentLoad(world)
  const copier = await copyEntries(world)
  await using _ = await startWorkers(world, { name: 'twice', environments: [{}, {}] })
  await load.submitAll(size === 'full' ? jobs : 12)
  await load.untilEnded(endsWithinMs(world) + jobs * 2_000)
  const copies = await copier.stop()
  const again = await system.sql<{ video_id: string; task_id: number; runs: number }[]>`
    select t.video_id, r.task_id, count(*)::int as runs from task_runs r join tasks t on t.id = r.task_id
    where t.video_id = any(${load.acknowledged.map((one) => one.videoId)}::uuid[])
    group by 1, 2 having count(*) > 1`
  const findings = again.map(({ video_id: video, task_id, runs }): Finding => {
    return { video, fact: 'run_twice', detail: `task ${task_id} ran ${runs} times` }
  })
  if (copies < load.acknowledged.length) {
    findings.push({ video: null, fact: 'not_reached', detail: `only ${copies} entries were doubled` })
  }
  findings.push(...(await check(world, load)))
  return {
    fault: 'every stream entry delivered twice',
    runs: copies,
    jobs: load.acknowledged.length,
    findings,
    measured: 'each task ran once',
  }
}

/** Sees each entry on its way, also one that a script adds, and adds another like it. */
async function copyEntries({ system, seed }: World): Promise<{ stop: () => Promise<number> }> {
  const { redis, names } = system
  const random = createRandom(seed)
  const added: Promise<unknown>[] = []
  const monitor = await redis.monitor()
  monitor.on('monitor', (_time: string, [command = '', key, id, field, task, mark]: string[]) => {
    if (command.toLowerCase() !== 'xadd' || key !== names.stream || field !== 'task' || mark !== undefined)
      return
    const copy = () => redis.xadd(names.stream, id ?? '*', field, task ?? '', 'copy', 'yes')
    added.push(sleep(random.between(0, latestMs)).then(copy))
  })
  return {
    stop: async () => {
      monitor.disconnect()
      return (await Promise.all(added)).length
    },
  }
}
