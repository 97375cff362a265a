import type { Database } from '../db.ts'
import { tryPass } from './passes.ts'

export type WorkerRow = {
  id: string
  consumer: string
  host: string
  version: string
  build: string
  slots: number
}

/** Makes the worker known, and again every few seconds: the dispatcher's window counts live slots. */
export async function seeWorker(sql: Database, worker: WorkerRow, draining: boolean): Promise<void> {
  await sql`
    insert into workers (id, consumer, host, version, build, slots, draining)
    values (${worker.id}, ${worker.consumer}, ${worker.host}, ${worker.version}, ${worker.build}, ${worker.slots}, ${draining})
    on conflict (id) do update set seen_at = clock_timestamp(), draining = excluded.draining`
}

export async function forgetWorker(sql: Database, id: string): Promise<void> {
  await sql`delete from workers where id = ${id}`
}

/** Rows of workers that died without a word. */
export async function forgetDeadWorkers(sql: Database): Promise<void> {
  await tryPass(sql, 'workers', (tx) => tx`delete from workers where seen_at < now() - interval '1 day'`)
}
