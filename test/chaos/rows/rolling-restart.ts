import { setTimeout as sleep } from 'node:timers/promises'
import { clip } from '../../support/fixtures.ts'
import type { Finding } from '../support/finding.ts'
import { createLoad } from '../support/load.ts'
import { createRandom } from '../support/random.ts'
import { slowEncoder } from '../support/stand-in.ts'
import { check, endsWithinMs, type RowResult, type World } from '../support/world.ts'

const names = ['rolling-1', 'rolling-2', 'rolling-3']

/** One worker after another is asked to stop and started again, as in a deployment, while all have work. */
export async function workersRestarted(world: World): Promise<RowResult> {
  const { system, size, seed } = world
  const runs = size === 'full' ? 20 : 4
  const random = createRandom(seed)
  await using slow = await slowEncoder(3)
  const environment = { FFMPEG_PATH: slow.path }
  const path = await clip({ seconds: 12, width: 192, height: 108 })
  const load = await createLoad(system, { path, frames: 360 })
  await Promise.all(names.map((name) => system.startWorker(name, environment)))
  const findings: Finding[] = []
  await load.submitAll(4)
  for (let run = 0; run < runs; run++) {
    await load.submitAll(2)
    await sleep(random.between(500, 2_000))
    const name = names[run % names.length] ?? ''
    const how = await system.killWorker(name, 'SIGTERM')
    if (how !== 'exit code 0')
      findings.push({ video: null, fact: 'run_lost', detail: `${name} ended by ${how}` })
    await system.startWorker(name, environment)
  }
  await load.untilEnded(endsWithinMs(world) + 60_000)
  findings.push(...(await costs(world)), ...(await check(world, load)))
  const [row] = await system.sql<{ given_back: number }[]>`
    select count(*)::int as given_back from task_runs where outcome = 'released' and worker_id like 'rolling-%'`
  await Promise.all(names.map((name) => system.killWorker(name, 'SIGTERM')))
  return {
    fault: 'SIGTERM rolling restart under load',
    runs,
    jobs: load.acknowledged.length,
    findings,
    measured: `${row?.given_back} runs given back, 0 crashes, 0 attempts`,
  }
}

/** A drain costs neither a crash nor an attempt, and loses no run. */
async function costs({ system }: World): Promise<Finding[]> {
  const rows = await system.sql<{ video_id: string; task_id: number; outcome: string; attempt: number }[]>`
    select t.video_id, r.task_id, r.outcome, t.attempt from task_runs r join tasks t on t.id = r.task_id
    where r.worker_id like 'rolling-%' and (r.outcome in ('lost', 'retried', 'failed') or t.attempt > 0 or t.crashes > 0)`
  return rows.map(({ video_id: video, task_id, outcome, attempt }) => {
    const fact = outcome === 'lost' ? 'run_lost' : 'attempt_spent'
    return { video, fact, detail: `a run of task ${task_id} ended ${outcome}; attempt ${attempt}` }
  })
}
