import type { Database } from '../db.ts'
import type { Stream } from '../queue/stream.ts'

/**
 * The janitor: settles entries that nobody touched for a minute and whose task does not run under them,
 * left by consumers that are gone; they would stay for ever. Beats keep live ones young. Returns how
 * many were dropped.
 */
export async function dropStaleEntries(sql: Database, stream: Stream, idleMs = 60_000): Promise<number> {
  let dropped = 0
  for (let from = '-'; ; ) {
    const ids = await stream.idleEntries(idleMs, from)
    const last = ids.at(-1)
    if (last === undefined) return dropped
    const held = await sql<{ stream_id: string }[]>`
      select stream_id from tasks where state = 'running' and stream_id in ${sql(ids)}`
    const running = new Set(held.map((row) => row.stream_id))
    const stale = ids.filter((id) => !running.has(id))
    await stream.settle(stale)
    dropped += stale.length
    from = last
  }
}
