import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { type Load, until } from '../support/load.ts'
import { createRandom } from '../support/random.ts'
import {
  check,
  endsWithinMs,
  heavyLoad,
  type RowResult,
  startWorkers,
  tinyLoad,
  type World,
} from '../support/world.ts'

/**
 * PostgreSQL is stopped at once, without a checkpoint or a farewell, for `downMs`, while chunks are being
 * encoded: their runs live on, and a submission is answered 503 or not at all.
 */
export async function postgresStopped(world: World, fault: 'restart' | 'outage'): Promise<RowResult> {
  const { servers, size, seed } = world
  const runs = size === 'subset' ? 1 : fault === 'restart' ? 10 : 3
  const downMs = fault === 'restart' ? 0 : size === 'full' ? 120_000 : 6_000
  const random = createRandom(seed)
  const [heavy, tiny] = [await heavyLoad(world), await tinyLoad(world)]
  await using _ = await startWorkers(world, { name: `postgres-${fault}`, environments: [{}, {}] })
  const findings: Finding[] = []
  const startedMs: number[] = []
  for (let run = 0; run < runs; run++) {
    await heavy.submitAll(2)
    await tiny.submitAll(2)
    await untilEncoding(world, 2)
    await sleep(random.between(0, 500))
    const open = await openRuns(world)
    const answers = submitThrough(tiny, downMs + 1_000)
    await servers.postgres.kill('SIGQUIT')
    await sleep(downMs)
    await servers.postgres.start()
    const backAt = performance.now()
    findings.push(...(await answers))
    await until(60_000, async () => (await tiny.submit()) === 201 || 'the API does not take submissions')
    startedMs.push(performance.now() - backAt)
    await Promise.all([heavy.untilEnded(endsWithinMs(world)), tiny.untilEnded(endsWithinMs(world))])
    findings.push(...(await notDone(world, open)))
  }
  const jobs = [...heavy.acknowledged, ...tiny.acknowledged]
  findings.push(...(await check(world, { ...tiny, acknowledged: jobs })))
  return {
    fault: fault === 'restart' ? 'PostgreSQL immediate restart' : `PostgreSQL ${downMs / 60_000} min down`,
    runs,
    jobs: jobs.length,
    findings,
    measured: `submissions taken again after ${(Math.max(...startedMs) / 1000).toFixed(1)} s at most`,
  }
}

async function untilEncoding({ system }: World, count: number): Promise<void> {
  await until(60_000, async () => {
    const running = await system.sql`select id from tasks where state = 'running' and kind = 'video'`
    return running.length >= count || `${running.length} chunks are being encoded`
  })
}

type OpenRun = { task_id: number; fence: number; kind: string }

/** The runs of chunks at this moment. */
function openRuns({ system }: World): Promise<OpenRun[]> {
  return system.sql<OpenRun[]>`
    select id as task_id, fence, kind from tasks where state = 'running' and kind = 'video'`
}

async function notDone({ system }: World, open: readonly OpenRun[]): Promise<Finding[]> {
  const ends = await system.sql<{ video_id: string; task_id: number; outcome: string | null }[]>`
    select t.video_id, r.task_id, r.outcome from task_runs r join tasks t on t.id = r.task_id
    where (r.task_id, r.fence) in (select * from unnest(
      ${open.map((run) => run.task_id)}::bigint[], ${open.map((run) => run.fence)}::bigint[]))`
  return ends
    .filter((run) => run.outcome !== 'done')
    .map((run) => ({
      video: run.video_id,
      fact: 'run_lost',
      detail: `task ${run.task_id} was being encoded when PostgreSQL stopped, and its run ended ${run.outcome}`,
    }))
}

/** Submits for so long. A 201 is a promise, which the checker will look after; all else must be a 503. */
async function submitThrough(load: Load, forMs: number): Promise<Finding[]> {
  const wrong: Finding[] = []
  const until = performance.now() + forMs
  while (performance.now() < until) {
    const status = await load.submit()
    if (status !== 201 && status !== 503) {
      wrong.push({ video: null, fact: 'wrong_answer', detail: `a submission without database: ${status}` })
    }
    await sleep(200)
  }
  return wrong
}
