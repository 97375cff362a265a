import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxyCounts, Weather } from './proxy.ts'

export type Direction = 'to-server' | 'to-client'

export type Connection = {
  cut(): void
  reset(): void
  /** True while its client has not gone. */
  isOpen(): boolean
  /** Resolves when both sockets are gone. */
  closed: Promise<unknown>
}

/** One client and, behind it, its own connection to the server. */
export function openConnection(options: {
  client: Socket
  target: { host: string; port: number }
  weather: Weather
  counts: Pick<ProxyCounts, 'toServer' | 'toClient' | 'swallowed'>
}): Connection {
  const { client, weather, counts } = options
  // What a client says into a black hole reaches nobody, its wish to connect least of all.
  const unheard = weather.lost.has('to-server')
  const server = unheard ? null : connect({ ...options.target, allowHalfOpen: true, noDelay: true })
  /** True once anything was lost: a stream with a gap must not go on. */
  const silent = { value: unheard }
  const shared = { weather, counts, silent, budget: { bytes: weather.nextBytes() } }
  relay({ ...shared, from: client, to: server, direction: 'to-server' })
  if (server) relay({ ...shared, from: server, to: client, direction: 'to-client' })
  const sockets = server ? [client, server] : [client]
  return {
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    isOpen: () => !client.destroyed && !client.readableEnded,
    closed: Promise.all(sockets.map(untilClosed)),
  }
}

type Way = {
  from: Socket
  to: Socket | null
  direction: Direction
  weather: Weather
  counts: Pick<ProxyCounts, 'toServer' | 'toClient' | 'swallowed'>
  silent: { value: boolean }
  /** What the connection may still carry, both ways together. */
  budget: { bytes: number }
}

/** Passes on what `from` says and how it ends, in order, each at its time. */
function relay(way: Way): void {
  const { from, to, weather, counts, silent } = way
  let queue: Promise<unknown> = Promise.resolve()
  const then = (deliver: (target: Socket) => unknown, bytes: number) => {
    const due = Date.now() + weather.delayMs
    queue = queue.then(async () => {
      if (due > Date.now()) await sleep(due - Date.now())
      if (weather.lost.has(way.direction)) silent.value = true
      if (silent.value || !to || to.destroyed) {
        counts.swallowed += bytes
        return
      }
      counts[way.direction === 'to-server' ? 'toServer' : 'toClient'] += bytes
      await deliver(to)
    })
  }
  from.on('data', (piece: Buffer) =>
    then(async (target) => {
      await write({ from, target, piece: piece.subarray(0, Math.max(0, way.budget.bytes)) })
      way.budget.bytes -= piece.length
      if (way.budget.bytes > 0) return
      target.destroySoon()
      from.destroy()
    }, piece.length),
  )
  from.on('end', () => then((target) => target.end(), 0))
  from.on('error', () => then((target) => target.resetAndDestroy(), 0))
  // An orderly end was passed on as such, and the answer to it may still be on its way.
  from.on('close', () => {
    if (!from.readableEnded) then((target) => target.destroy(), 0)
  })
}

/** Takes no more from one side than the other side reads. */
async function write(options: { from: Socket; target: Socket; piece: Buffer }): Promise<void> {
  const { from, target, piece } = options
  if (target.write(piece)) return
  from.pause()
  await Promise.race([once(target, 'drain'), once(target, 'close')]).catch(() => {})
  from.resume()
}

function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
