import { type Database, type Transaction, transaction } from '../db.ts'

/** Advisory locks of the passes that are one short transaction each. */
export const passLocks = {
  dispatch: 7_310_501,
  reap: 7_310_502,
  reconcile: 7_310_503,
  uploads: 7_310_504,
  workers: 7_310_505,
  answers: 7_310_506,
  webhooks: 7_310_507,
} as const

/**
 * Runs a maintenance pass in one transaction unless another process is at it; then null. The lock is
 * the transaction's, never the session's: the server ends a paused holder's transaction after 5 s, while
 * a session lock would stop the pass everywhere for as long as the pause. For the same reason nothing
 * in `body` may wait for the store.
 */
export async function tryPass<T>(
  sql: Database,
  pass: keyof typeof passLocks,
  body: (tx: Transaction) => Promise<T>,
): Promise<T | null> {
  return transaction(sql, async (tx) => {
    const [lock] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(${passLocks[pass]}) as held`
    return lock?.held ? body(tx) : null
  })
}

/** Passes that talk to the store or to Redis, or make several transactions. */
export type TurnedPass = 'janitor' | 'collect' | 'expire' | 'open_uploads' | 'sweep' | 'dead_letters'

/**
 * Takes the turn of a pass that may be long: one statement moves the next turn on by `everyMs`, and
 * whoever moved it does the work, holding no lock. A turn lost with its process comes again after
 * `everyMs`. Returns the pass's place, or null when it is not its time. A time far ahead was written
 * before the clock stepped back, and does not count.
 */
export async function takeTurn(sql: Database, pass: TurnedPass, everyMs: number): Promise<string | null> {
  const next = sql`now() + ${everyMs} * interval '1 ms'`
  const [turn] = await sql<{ place: string }[]>`
    insert into passes as p (name, next_at) values (${pass}, ${next})
    on conflict (name) do update set next_at = excluded.next_at
      where p.next_at <= now() or p.next_at > excluded.next_at + interval '1 min'
    returning place`
  return turn?.place ?? null
}

/** Notes how far a pass has got, for whoever takes its next turn. */
export async function keepPlace(sql: Database, pass: TurnedPass, place: string): Promise<void> {
  await sql`update passes set place = ${place} where name = ${pass}`
}
