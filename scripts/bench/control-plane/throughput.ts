import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../../src/db.ts'
import type { Stream } from '../../../src/queue/stream.ts'
import { type FilmSize, tasksOf } from './film.ts'
import { openGate, submitBehindGate } from './films.ts'
import { requireSound } from './invariants.ts'
import { type Measured, startMeter, unmeasured } from './meter.ts'
import type { ControlPlane, Fleet, Ground } from './system.ts'

export type Throughput = { slots: number; tasks: number; perMinute: number; measured: Measured }

const size: FilmSize = { chunks: 8, rungs: 3 }
const idleS = 5

/** Films of 13 tasks that end at once, all there at the start, until the last is completed. */
export async function measureThroughput(
  plane: ControlPlane,
  options: { ground: Ground; fleet: Omit<Fleet, 'chunkMs'>; tasks: number },
): Promise<Throughput> {
  await using place = await plane.open(options.ground)
  const films = Math.ceil(options.tasks / tasksOf(size))
  await submitBehindGate(place.sql, size, films)
  const workers = await place.startWorkers({ ...options.fleet, chunkMs: 0 })
  const stopMeter = await startMeter(place, workers)
  const opened = await openGate(place.sql)
  await untilCompleted(place.sql)
  const measured = await stopMeter()
  await requireEmptyStream(place.stream)
  await place.stopWorkers()
  await requireSound(place, { allDone: true })
  const perMinute = await ratePerMinute(place.sql, opened)
  return { slots: options.fleet.slots, tasks: films * tasksOf(size), perMinute, measured }
}

/** What the same workers do while there is nothing to do, for a few seconds. */
export async function measureIdle(plane: ControlPlane, fleet: Omit<Fleet, 'chunkMs'>): Promise<Measured> {
  await using place = await plane.open('empty')
  const stopMeter = await startMeter(place, await place.startWorkers({ ...fleet, chunkMs: 0 }))
  await sleep(idleS * 1000)
  const measured = await stopMeter()
  await place.stopWorkers()
  return measured
}

async function untilCompleted(sql: Database): Promise<void> {
  for (;;) {
    const [row] = await sql<{ left: number }[]>`
      select count(*) as left from videos where status in ('queued', 'processing') ${sql.unsafe(unmeasured)}`
    if (row?.left === 0) return
    await sleep(250)
  }
}

/** Before the workers stop: a drain gives back whatever they still hold. */
async function requireEmptyStream(stream: Stream): Promise<void> {
  for (let tries = 0; (await stream.length()) > 0; tries++) {
    if (tries === 50) throw new Error(`${await stream.length()} entries stayed in the stream`)
    await sleep(100)
  }
}

/** Over the middle four fifths: the start and the tail, in which slots stand idle, are not the limit. */
async function ratePerMinute(sql: Database, since: Date): Promise<number> {
  const [row] = await sql<{ per_minute: number }[]>`
    select (0.8 * count(*) / extract(epoch from percentile_disc(0.9) within group (order by ended_at)
                                              - percentile_disc(0.1) within group (order by ended_at)) * 60)::float as per_minute
    from task_runs where ended_at >= ${since}`
  return row?.per_minute ?? 0
}
