import type { Database, Query } from '../db.ts'
import { tryPass } from './passes.ts'

export type WorkerRow = {
  id: string
  consumer: string
  host: string
  version: string
  build: string
  slots: number
}

/**
 * Makes the worker known, and again every few seconds: the dispatcher's window counts live slots.
 * `pausedFor` names what is away without which it begins nothing.
 */
export async function seeWorker(
  sql: Database,
  worker: WorkerRow & { pausedFor?: string[] },
  draining: boolean,
): Promise<void> {
  const { pausedFor = [] } = worker
  const paused = pausedFor.length > 0
  await sql`
    insert into workers (id, consumer, host, version, build, slots, draining, paused_for, paused_since)
    values (${worker.id}, ${worker.consumer}, ${worker.host}, ${worker.version}, ${worker.build}, ${worker.slots}, ${draining},
            ${pausedFor}::text[], case when ${paused} then clock_timestamp() end)
    on conflict (id) do update set seen_at = clock_timestamp(), draining = excluded.draining,
      paused_for = excluded.paused_for,
      paused_since = case when ${paused} then coalesce(workers.paused_since, excluded.paused_since) end`
}

/** Whether a worker was heard of lately, as a condition. */
export function isSeen(sql: Query) {
  return sql`seen_at > now() - interval '30 s'`
}

/** The slots of all workers that are there and take tasks, as an expression. */
export function liveSlots(sql: Query) {
  return sql`(select coalesce(sum(slots), 0)::int from workers
              where ${isSeen(sql)} and not draining and paused_for = '{}')`
}

/**
 * A worker starts: whoever had its name before died without a word, and would count as live slots for half a
 * minute, in which hints pile up in front of the very tasks that it lost. Should another worker of that name
 * be alive, its next beat brings its row back.
 */
export async function forgetEarlierLives(sql: Database, consumer: string): Promise<void> {
  await sql`delete from workers where consumer = ${consumer}`
}

export async function forgetWorker(sql: Database, id: string): Promise<void> {
  await sql`delete from workers where id = ${id}`
}

/** Rows of workers that died without a word. */
export async function forgetDeadWorkers(sql: Database): Promise<void> {
  await tryPass(sql, 'workers', (tx) => tx`delete from workers where seen_at < now() - interval '1 day'`)
}
