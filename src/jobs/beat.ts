import type { Database } from '../db.ts'
import type { Owned } from './state.ts'

/** Transition 5: extends the lease. False = fenced: stop the run at once and write nothing. */
export async function beatTask(sql: Database, owned: Owned, leaseMs: number): Promise<boolean> {
  const rows = await sql`
    update tasks set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    where id = ${owned.taskId} and fence = ${owned.fence} and state = 'running' returning id`
  return rows.length > 0
}
