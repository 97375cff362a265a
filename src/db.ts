import postgres from 'postgres'
import { createPool, type PoolOptions, type Sql, type Transaction } from './db-pool.ts'
import { startPulse } from './db-pulse.ts'

export type { Transaction } from './db-pool.ts'
export type Database = Sql
export type Query = Database | Transaction

type Listening = Parameters<Database['listen']>

/**
 * The database behind a pool that is replaced when the server falls silent. On a socket that is open at
 * one end only (a black hole, a host that vanished), postgres-js 3.4.9 never settles a statement: so a
 * watchdog asks for a sign of life. Without one within 4 s everything pending is rejected, and every
 * later statement at once, until the server answers again; then a new pool takes over and listens
 * anew, with each listener's `onlisten`, for the notifications between the two are lost.
 */
export function createDatabase(options: PoolOptions): Database {
  let pool = createPool(options)
  const listening = new Set<Listening>()
  const pulse = startPulse(options, {
    onBeat: (passedMs) => pool.cutSilent(passedMs),
    onChange: (answers) => {
      // An ended pool rejects at once: nobody waits for what cannot come, and nothing piles up.
      if (!answers) return void pool.end(0)
      pool = createPool(options)
      for (const each of listening) void listenAnew(each)
    },
  })

  async function listenAnew(each: Listening): Promise<void> {
    // When it fails the connection was lost again, after which the library or the next pool does it.
    await pool.sql.listen(...each).catch(() => {})
  }

  async function listen(...each: Listening) {
    listening.add(each)
    return pool.sql.listen(...each)
  }

  async function end({ timeout = 5 }: { timeout?: number } = {}): Promise<void> {
    await pulse.stop()
    await pool.end(timeout)
  }

  const own = { listen, end, begin: (body: Parameters<typeof pool.begin>[0]) => pool.begin(body) }
  return new Proxy(pool.sql, {
    apply: (_, self, args) => Reflect.apply(pool.sql, self, args),
    get: (_, name) => Reflect.get(Object.hasOwn(own, name) ? own : pool.sql, name),
  })
}

/** A jsonb parameter; what goes in was built by us and is read back through a zod schema. */
export function json(sql: Query, value: unknown) {
  return sql.json(value as postgres.JSONValue)
}

/** One transaction, begun again when it met a deadlock (40P01) or a serialization failure (40001). */
export async function transaction<T>(sql: Database, body: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await sql.begin(body)) as T
    } catch (error) {
      const code = sqlState(error)
      if (attempt >= 5 || (code !== '40P01' && code !== '40001')) throw error
    }
  }
}

/** The five-character SQLSTATE of a server error, '' for anything else. */
export function sqlState(error: unknown): string {
  return error instanceof postgres.PostgresError ? error.code : ''
}

/** No connection, no resources (53), no disk (58), shutting down, an idle transaction ended, a standby after a fail-over. */
const outageStates = /^(08|53|58|57P0|25P03|25006)/

/** True when the database could not be reached or was shutting down, so that nothing is known of the statement. */
export function isDatabaseOutage(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) return outageStates.test(error.code)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/.test(code)
}
