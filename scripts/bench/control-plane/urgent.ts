import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../../src/db.ts'
import { createAnnouncer } from '../../../src/jobs/announce-submitted.ts'
import { createWaker } from '../../../src/jobs/wake.ts'
import { createLog } from '../../../src/log.ts'
import { openGate, planBehindGate, submitFilm } from './films.ts'
import { requireSound } from './invariants.ts'
import { unmeasured } from './meter.ts'
import type { ControlPlane, Fleet, Ground, Place } from './system.ts'

export type Urgent = {
  slots: number
  chunkMs: number
  backlog: number
  /** From the submission's statement to the claim of its first task. */
  waitMs: Quantiles
  /** From the first slot that became free after the submission, and that no other task of high priority took. */
  afterFreeMs: Quantiles
}
type Quantiles = { p50: number; p99: number; max: number }

const size = { chunks: 8, rungs: 1 }
/** Submissions of high priority may fill this share of the slots: they are not to wait for each other. */
const load = 0.2

/** High-priority films of one chunk, submitted one by one while all slots and a long backlog are at work. */
export async function measureUrgent(
  plane: ControlPlane,
  options: { ground: Ground; fleet: Fleet; backlog: number; submissions: number },
): Promise<Urgent> {
  const { fleet, submissions } = options
  await using place = await plane.open(options.ground)
  const { sql } = place
  // What is taken from the backlog meanwhile is added, so that it never falls below its size.
  const spacingMs = fleet.chunkMs / (load * fleet.slots)
  const taken = (fleet.slots * (submissions * spacingMs + 10_000)) / fleet.chunkMs
  await planBehindGate(sql, size, Math.ceil((options.backlog + taken) / size.chunks))
  await place.startWorkers(fleet)
  await openGate(sql)
  await untilBusy(sql, fleet.slots)
  await submitUrgent(place, { submissions, spacingMs })
  await untilClaimed(sql, submissions)
  const backlog = await countWaiting(sql)
  await place.stopWorkers()
  await requireSound(place, { allDone: false })
  return { slots: fleet.slots, chunkMs: fleet.chunkMs, backlog, ...(await readWaits(sql)) }
}

async function submitUrgent(
  { sql, stream }: Place,
  { submissions, spacingMs }: { submissions: number; spacingMs: number },
): Promise<void> {
  const log = createLog('bench', 'error')
  const announce = createAnnouncer({ sql, stream, log, wake: createWaker(sql, log) })
  for (let n = 0; n < submissions; n++) {
    await announce(await submitFilm(sql, { chunks: 1, rungs: 1 }, 'high'), 'high')
    // Uneven, so that they do not keep step with the ends of the runs.
    await sleep(spacingMs * (0.5 + ((n * 61) % 100) / 100))
  }
}

async function untilBusy(sql: Database, slots: number): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    const [row] = await sql<{ running: number }[]>`
      select count(*) as running from tasks where state = 'running' ${sql.unsafe(unmeasured)}`
    if ((row?.running ?? 0) >= 0.95 * slots) return
    await sleep(100)
  }
  throw new Error('the slots did not fill')
}

async function untilClaimed(sql: Database, submissions: number): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    const [row] = await sql<{ claimed: number }[]>`
      select count(*) as claimed from videos v join tasks t on t.video_id = v.id
      where v.priority = 'high' and t.kind = 'plan' and t.fence > 0 ${sql.unsafe(unmeasured)}`
    if (row?.claimed === submissions) return
    await sleep(100)
  }
  throw new Error('jobs of high priority were not begun within two minutes')
}

async function countWaiting(sql: Database): Promise<number> {
  const [row] = await sql<{ waiting: number }[]>`select count(*) as waiting from tasks where state = 'queued'`
  return row?.waiting ?? 0
}

async function readWaits(sql: Database): Promise<Pick<Urgent, 'waitMs' | 'afterFreeMs'>> {
  const rows = await sql<{ wait_ms: number; after_free_ms: number }[]>`
    with high as (
      select t.kind, t.created_at, r.started_at from videos v join tasks t on t.video_id = v.id join task_runs r on r.task_id = t.id
      where v.priority = 'high'
    ), submitted as (
      select created_at, started_at, (select count(*) from high other
        where other.started_at > high.created_at and other.started_at < high.started_at) as ahead
      from high where kind = 'plan'
    )
    select extract(epoch from started_at - created_at)::float * 1000 as wait_ms,
      greatest(0, extract(epoch from started_at - (select ended_at from task_runs where ended_at > created_at
                                                   order by ended_at offset ahead limit 1)))::float * 1000 as after_free_ms
    from submitted`
  return {
    waitMs: quantiles(rows.map((row) => row.wait_ms)),
    afterFreeMs: quantiles(rows.map((row) => row.after_free_ms)),
  }
}

function quantiles(values: number[]): Quantiles {
  const sorted = values.sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
