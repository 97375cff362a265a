import type { Query } from '../db.ts'
import { liveSlots } from './workers.ts'

/** Hints beyond the free slots: what becomes free is busy again before the next pass. */
const margin = 100
/** Where no slots are known. */
export const leastHints = 4

/** What the dispatcher goes by. Counts are of tasks that workers run, so none is of `fetch` tasks. */
export type Window = {
  slots: number
  running: number
  /** Announced and not claimed. */
  hinted: number
  /** The highest priority that waits, 0 being the highest; null when nothing does. */
  waiting: number | null
}

/** Whether there is anything to announce. */
export async function anyWaiting(sql: Query): Promise<boolean> {
  const [row] = await sql<{ any: boolean }[]>`select exists (select from tasks where ${waits(sql)}) as any`
  return row?.any ?? false
}

export async function readWindow(sql: Query): Promise<Window> {
  const [row] = await sql<Window[]>`
    select ${liveSlots(sql)} as slots,
      (select count(*)::int from tasks where state = 'running' and kind <> 'fetch') as running,
      (select count(*)::int from tasks where state = 'queued' and announced_at is not null and kind <> 'fetch') as hinted,
      (select priority from tasks where ${waits(sql)} order by priority, owner limit 1) as waiting`
  return row ?? { slots: 0, running: 0, hinted: 0, waiting: null }
}

/**
 * How many tasks may be running or announced: one for each slot, and as many again but no more than 100. So
 * the hints that wait while all slots are busy are never more than one pass can take back for a task of
 * high priority, however many workers there are.
 */
function inFlightLimit(slots: number): number {
  return Math.max(leastHints, slots + Math.min(slots, margin))
}

/** How many more may be announced now: four hints always may, for slots are known late. */
export function windowRoom({ slots, running, hinted }: Window): number {
  return Math.max(leastHints, inFlightLimit(slots) - running) - hinted
}

/** What may be announced, which is what a claim would take. */
export function waits(sql: Query) {
  return sql`state = 'queued' and announced_at is null and kind <> 'fetch' and run_at <= now()`
}
