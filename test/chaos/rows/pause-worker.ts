import { setTimeout as sleep } from 'node:timers/promises'
import type { AppProcess } from '../../support/app-process.ts'
import { hasEncoder } from '../support/encoders.ts'
import type { Finding } from '../support/finding.ts'
import { until } from '../support/load.ts'
import { quantile, seconds } from '../support/quantile.ts'
import { slowEncoder } from '../support/stand-in.ts'
import {
  check,
  endsWithinMs,
  type RowResult,
  silentLoad,
  startWorkers,
  type World,
} from '../support/world.ts'

/** Of fifty, as many as the machine can wake at once without being slow to. */
const atOnceOf = { full: 5, subset: 2 }
const fenced = 'fenced: the task belongs to another run or was stopped'

type Zombie = { name: string; worker: AppProcess; scratch: string }

/**
 * Workers are stopped in the midst of an encode, for twice the lease, while others take over their tasks;
 * then they wake up. Nothing they write may count, and their ffmpeg has to go.
 */
export async function workersPaused(world: World): Promise<RowResult> {
  await using slow = await slowEncoder(0.01)
  await using busy = await slowEncoder(0.1)
  const { system, size } = world
  const runs = size === 'full' ? 50 : 4
  const load = await silentLoad(world)
  const atOnce = atOnceOf[size]
  const findings: Finding[] = []
  const goneMs: number[] = []
  for (let first = 0; first < runs; first += atOnce) {
    const zombies = await startZombies(world, { slow: slow.path, count: Math.min(atOnce, runs - first) })
    await load.submitAll(zombies.length)
    await untilEncoding(zombies)
    // They are there before the pause: a gap without any reaper would give everybody another lease.
    // Every other time the task is still at work elsewhere when the paused worker wakes up.
    const encoder = first % (2 * atOnce) === 0 ? { FFMPEG_PATH: busy.path } : {}
    await using _ = await startWorkers(world, {
      name: 'awake',
      environments: Array(zombies.length).fill(encoder),
    })
    for (const { worker } of zombies) worker.kill('SIGSTOP')
    const pausedAt = performance.now()
    await sleep(Math.max(0, 2 * system.config.LEASE_MS - (performance.now() - pausedAt)))
    goneMs.push(...(await Promise.all(zombies.map((zombie) => wake(zombie, findings)))))
    await Promise.all(zombies.map(({ name }) => system.killWorker(name, 'SIGTERM')))
    await load.untilEnded(endsWithinMs(world))
  }
  findings.push(...(await visibleWrites(world)), ...(await check(world, load)))
  const slowest = Math.max(...goneMs)
  // Loaded machines are slow to wake anybody, so the tests do not judge the time.
  if (size === 'full' && slowest > 1_000) {
    findings.push({ video: null, fact: 'too_slow', detail: `an encoder lived for ${slowest} ms` })
  }
  const p50 = Math.round(quantile(goneMs, 0.5))
  return {
    fault: 'SIGSTOP a worker for twice the lease, then CONT',
    runs,
    jobs: load.acknowledged.length,
    findings,
    measured: `all fenced; ffmpeg gone after ${p50} ms p50, ${seconds(slowest)} max`,
  }
}

async function startZombies(
  { system }: World,
  { slow, count }: { slow: string; count: number },
): Promise<Zombie[]> {
  const names = Array.from({ length: count }, (_, index) => `zombie-${index + 1}`)
  return Promise.all(
    names.map(async (name) => {
      const worker = await system.startWorker(name, { FFMPEG_PATH: slow })
      return { name, worker, scratch: `${system.config.SCRATCH_DIR}/${name}-${worker.pid}-` }
    }),
  )
}

async function untilEncoding(zombies: readonly Zombie[]): Promise<void> {
  await until(30_000, async () => {
    const idle = zombies.filter(({ scratch }) => !hasEncoder(scratch))
    return idle.length === 0 || `${idle.length} workers do not encode`
  })
}

/** Wakes one up. Returns the milliseconds until its encoder was gone. */
async function wake({ name, worker, scratch }: Zombie, findings: Finding[]): Promise<number> {
  if (!hasEncoder(scratch)) throw new Error(`the encoder of ${name} ended before its worker woke up`)
  const wokenAt = performance.now()
  worker.kill('SIGCONT')
  while (hasEncoder(scratch)) await sleep(5)
  const goneMs = Math.round(performance.now() - wokenAt)
  await worker.logged(fenced, 10_000).catch(() => {
    findings.push({ video: null, fact: 'not_fenced', detail: `${name} did not find out that it was fenced` })
  })
  return goneMs
}

/** Runs of paused workers that count, or whose objects do. */
async function visibleWrites({ system }: World): Promise<Finding[]> {
  const rows = await system.sql<
    { video_id: string; task_id: number; outcome: string | null; named: boolean }[]
  >`
    select t.video_id, r.task_id, r.outcome,
           exists (select from resolutions s where s.video_id = t.video_id
                   and s.segments::text like '%/t' || r.task_id || '/f' || r.fence || '/%') as named
    from task_runs r join tasks t on t.id = r.task_id
    where r.worker_id like 'zombie-%' and t.kind = 'video'`
  return rows
    .filter((row) => row.outcome !== 'lost' || row.named)
    .map(({ video_id: video, task_id, outcome }) => {
      return {
        video,
        fact: 'not_fenced',
        detail: `the run of task ${task_id} by a paused worker: ${outcome}`,
      }
    })
}
