import postgres from 'postgres'

/** int8 arrives as a number: ids, fences and sizes stay far below 2^53. */
const bigintAsNumber = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (raw: string) => Number(raw),
}

type CustomTypes = { bigint: number }
export type Database = postgres.Sql<CustomTypes>
export type Transaction = postgres.TransactionSql<CustomTypes>
export type Query = Database | Transaction

/**
 * A pool. A statement is ended by the server after 30 s and an open, idle transaction after 5 s, so
 * that a paused process cannot hold a row's lock for long.
 */
export function createDatabase(options: { url: string; name: string; max: number }): Database {
  return postgres(options.url, {
    max: options.max,
    connect_timeout: 5,
    // Seconds between attempts; the default grows to 20, in which statements wait for nothing.
    backoff: () => 1,
    types: { bigint: bigintAsNumber },
    onnotice: () => {},
    connection: {
      application_name: options.name,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 5_000,
    },
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

const outageStates = /^(08|57P0[123]|53300|25P03)/

/** True when the database could not be reached or was shutting down, so that nothing is known of the statement. */
export function isDatabaseOutage(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) return outageStates.test(error.code)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)/.test(code)
}
