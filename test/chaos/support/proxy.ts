import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, type Direction, openConnection } from './proxy-connection.ts'

export type TcpProxy = AsyncDisposable & {
  /** On 127.0.0.1; the same through every fault. */
  port: number
  /** The server's URL by way of the proxy. */
  through(url: string): string
  /** Ends every open connection at both sides; new ones pass. */
  cut(): void
  /** The same with a TCP reset (RST), as a firewall or a crashed peer sends it. */
  reset(): void
  /** New connections meet ECONNREFUSED until `heal`; those that are open stay. */
  refuse(): void
  /**
   * Bytes and ends of connections vanish in that direction, sockets stay open, new ones are accepted. A
   * connection that lost anything stays silent for good, healed or not, as behind a NAT that forgot it.
   */
  swallow(direction: Direction | 'both'): void
  /** Every byte arrives that much later, in both directions; those under way keep their time. */
  delay(ms: number): void
  /** Each new connection is cut once it has carried so many bytes, asked for anew each time. */
  shorten(nextBytes: () => number): void
  /** Everything passes again; resolves when new connections are accepted. */
  heal(): Promise<void>
  counts(): ProxyCounts
}

export type ProxyCounts = {
  accepted: number
  /** Connections whose client has not gone yet. */
  open: number
  /** Bytes delivered. */
  toServer: number
  toClient: number
  /** Bytes that vanished in a black hole, in either direction. */
  swallowed: number
}

/** What a proxy does to its connections at this moment; they look at it for each piece. */
export type Weather = { lost: ReadonlySet<Direction>; delayMs: number; nextBytes: () => number }

const unlimited = () => Number.POSITIVE_INFINITY

/** A TCP proxy on loopback in front of the server at `url`, in this process. It passes everything until told. */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) }
  const weather: Weather = { lost: new Set(), delayMs: 0, nextBytes: unlimited }
  const counts = { accepted: 0, toServer: 0, toClient: 0, swallowed: 0 }
  const connections = new Set<Connection>()

  const accept = (client: Socket): void => {
    counts.accepted++
    const connection = openConnection({ client, target, weather, counts })
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
  }
  let server: Server | null = await listen(0, accept)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  function refuse(): void {
    server?.close()
    server = null
  }

  async function heal(): Promise<void> {
    weather.lost = new Set()
    weather.delayMs = 0
    weather.nextBytes = unlimited
    server ??= await listen(port, accept)
  }

  return {
    port,
    through: (given) => Object.assign(new URL(given), { hostname: '127.0.0.1', port: String(port) }).href,
    cut: () => {
      for (const connection of connections) connection.cut()
    },
    reset: () => {
      for (const connection of connections) connection.reset()
    },
    refuse,
    swallow: (direction) => {
      weather.lost = new Set(direction === 'both' ? ['to-server', 'to-client'] : [direction])
    },
    delay: (ms) => {
      weather.delayMs = ms
    },
    shorten: (nextBytes) => {
      weather.nextBytes = nextBytes
    },
    heal,
    counts: () => ({ ...counts, open: [...connections].filter((one) => one.isOpen()).length }),
    async [Symbol.asyncDispose]() {
      refuse()
      for (const connection of connections) connection.cut()
      await Promise.all([...connections].map((one) => one.closed))
    },
  }
}

/** The port stays ours in spirit only: an outgoing connection may hold it for the moment we come back. */
async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return server
    } catch (error) {
      if (attempt === 50) throw error
      await sleep(100)
    }
  }
}
