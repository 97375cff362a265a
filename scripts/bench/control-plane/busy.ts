import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../../src/db.ts'
import { openGate, planBehindGate } from './films.ts'
import { requireSound } from './invariants.ts'
import { type Measured, startMeter } from './meter.ts'
import type { ControlPlane, Fleet } from './system.ts'

export type Busy = {
  slots: number
  /** The share of the slots' time that chunks took, 0 to 1. */
  share: number
  perMinute: number
  beatsPerS: number
  measured: Measured
}

const size = { chunks: 8, rungs: 1 }
const beatStatement = /^update tasks set lease_until = clock_timestamp\(\)/

/**
 * More chunks of `chunkMs` than there are slots: how much of the slots' time can be filled while every one
 * of them beats and reports its progress, once they are all at work.
 */
export async function measureBusy(
  plane: ControlPlane,
  options: { fleet: Fleet; seconds: number },
): Promise<Busy> {
  const { fleet, seconds } = options
  await using place = await plane.open('empty')
  const rounds = 3 + Math.ceil((seconds * 1000) / fleet.chunkMs)
  await planBehindGate(place.sql, size, Math.ceil((fleet.slots * rounds) / size.chunks))
  const workers = await place.startWorkers(fleet)
  await openGate(place.sql)
  await sleep(2 * fleet.chunkMs)
  const stopMeter = await startMeter(place, workers)
  const from = await timeOf(place.sql)
  await sleep(seconds * 1000)
  const measured = await stopMeter()
  const to = await timeOf(place.sql)
  await place.stopWorkers()
  await requireSound(place, { allDone: false })
  const beats = measured.statements.filter(({ text }) => beatStatement.test(text))
  return {
    slots: fleet.slots,
    ...(await usedBetween(place.sql, { from, to, fleet })),
    beatsPerS: beats.reduce((sum, beat) => sum + beat.calls, 0) / measured.seconds,
    measured,
  }
}

async function timeOf(sql: Database): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select clock_timestamp() as now`
  return row?.now ?? new Date()
}

async function usedBetween(
  sql: Database,
  { from, to, fleet }: { from: Date; to: Date; fleet: Fleet },
): Promise<{ share: number; perMinute: number }> {
  const [row] = await sql<{ busy_s: number; ended: number; span_s: number }[]>`
    with run as (
      select started_at, ended_at, least(ended_at, started_at + ${fleet.chunkMs}::int * interval '1 ms', ${to}) as worked_until
      from task_runs r join tasks t on t.id = r.task_id
      where t.kind = 'video' and started_at < ${to} and ended_at > ${from}
    )
    select extract(epoch from sum(greatest(worked_until - greatest(started_at, ${from}), '0 s')))::float as busy_s,
      count(*) filter (where ended_at <= ${to}) as ended, extract(epoch from ${to}::timestamptz - ${from})::float as span_s
    from run`
  const { busy_s: busyS = 0, ended = 0, span_s: spanS = 1 } = row ?? {}
  return { share: busyS / (spanS * fleet.slots), perMinute: (ended / spanS) * 60 }
}
