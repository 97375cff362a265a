import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import postgres from 'postgres'
import { endAtOnce } from './db-socket.ts'
import { customTypes } from './db-types.ts'

type CustomTypes = { bigint: number }
export type Sql = postgres.Sql<CustomTypes>
export type Transaction = postgres.TransactionSql<CustomTypes>
export type PoolOptions = { url: string; name: string; max: number }

/** What postgres-js hands to its `socket` function; `idle_timeout` is null for a connection that listens. */
type SocketOptions = {
  host: string[]
  port: number[]
  path: string | false
  idle_timeout: number | null
}

const statementLimitMs = 30_000
/** A connection that rests is closed before this, and no statement takes longer: what is silent for so long hangs. */
const silenceLimitMs = statementLimitMs + 5_000
const idleS = 20

/**
 * Connections to PostgreSQL whose sockets are at hand. A statement is ended by the server after 30 s
 * and an open, idle transaction after 5 s, so that a paused process cannot hold a row's lock for long.
 */
export function createPool({ url, name, max }: PoolOptions) {
  const sockets = new Map<Socket, { mayRest: boolean; bytesRead: number; silentMs: number }>()

  /** postgres-js writes its greeting before this socket is connected; Node keeps it until then. */
  function openSocket({ host, port, path, idle_timeout: idle }: SocketOptions): Socket {
    const where = { host: host[0] ?? 'localhost', port: port[0] ?? 5432 }
    const socket = endAtOnce(path ? connect(path) : connect(where))
    sockets.set(socket, { mayRest: idle === null, bytesRead: 0, silentMs: 0 })
    // `host` is the name that a TLS certificate is checked against.
    return Object.assign(socket, where)
  }

  const settings = {
    max,
    connect_timeout: 5,
    idle_timeout: idleS,
    // Seconds between attempts; the default grows to 20, in which statements wait for nothing.
    backoff: () => 1,
    types: customTypes,
    fetch_types: false,
    onnotice: () => {},
    connection: {
      application_name: name,
      statement_timeout: statementLimitMs,
      idle_in_transaction_session_timeout: 5_000,
      // Compiling a plan takes 80 ms; none of ours runs as long as that.
      jit: 'off',
    },
    socket: openSocket,
  }
  const sql: Sql = postgres(url, settings)

  /**
   * A transaction. When its connection is lost, postgres-js 3.4.9 writes the next statement, be it its
   * own rollback, to a socket that is gone, and the TypeError ends the process: nobody can catch it. So
   * nothing goes through a lost connection any more, and the body's end is kept from the library.
   */
  async function begin<T>(body: (tx: Transaction) => Promise<T>): Promise<T> {
    let lost: unknown = null
    const unlessLost = <R>(result: R): R | Promise<never> => (lost ? new Promise<never>(() => {}) : result)
    const unlost: ProxyHandler<Transaction> = {
      apply: (tx, self, args) => {
        if (lost) throw lost
        return Reflect.apply(tx, self, args)
      },
      get: (tx, name) => {
        if (lost) throw lost
        return Reflect.get(tx, name)
      },
    }
    try {
      const ended = await sql.begin(async (tx) => {
        try {
          return await unlessLost(await body(new Proxy(tx, unlost)))
        } catch (error) {
          // By then the end of the connection has been told to `sql.begin`, and by it to us.
          await nextTurn()
          await unlessLost(null)
          throw error
        }
      })
      return ended as T
    } catch (error) {
      lost = error
      throw error
    }
  }

  /**
   * Cuts the connections that have been silent for too long, given the time since the last call. On a
   * socket that is open at one end only, postgres-js would wait for an answer for ever.
   */
  function cutSilent(passedMs: number): void {
    for (const [socket, seen] of sockets) {
      const silent = !seen.mayRest && socket.bytesRead === seen.bytesRead
      seen.bytesRead = socket.bytesRead
      seen.silentMs = silent ? seen.silentMs + passedMs : 0
      if (seen.silentMs >= silenceLimitMs) socket.destroy()
      if (socket.destroyed) sockets.delete(socket)
    }
  }

  /** Ends gracefully within so many seconds; 0 rejects what is pending, with errors that `isDatabaseOutage` knows. */
  async function end(timeoutS: number): Promise<void> {
    await sql.end({ timeout: timeoutS })
    // The library only says goodbye, and a black hole never answers.
    for (const socket of sockets.keys()) socket.destroySoon()
    if (timeoutS === 0) for (const socket of sockets.keys()) socket.destroy()
  }

  /** Ends the connections and not the pool: what is pending is rejected, and the next statement connects anew. */
  function cutAll(): void {
    for (const socket of sockets.keys()) socket.destroy()
  }

  return { sql, begin, cutSilent, cutAll, end }
}
