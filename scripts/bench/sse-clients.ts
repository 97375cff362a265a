/**
 * Many readers of one event stream in a process of their own: raw sockets, so that the readers cost less
 * than what is measured. Told by its arguments: address, readers, how many of them read nothing.
 * Answers messages of its parent: `reset` begins to count, `report` tells `{ events, p50Ms, p99Ms }`.
 */
import { connect, type Socket } from 'node:net'
import { z } from 'zod'

const [address = '', readers = '0', starved = '0'] = process.argv.slice(2)
const url = new URL(address)
const head = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`
let events = 0
let delays: number[] = []

process.on('message', (message) => {
  const what = z.enum(['reset', 'report']).parse(message)
  if (what === 'report') {
    delays.sort((a, b) => a - b)
    const at = (share: number) => delays[Math.floor(delays.length * share)] ?? Number.NaN
    process.send?.({ events, p50Ms: at(0.5), p99Ms: at(0.99) })
  }
  events = 0
  delays = []
})

const sockets: Socket[] = []
for (let n = 0; n < Number(readers); n++) {
  const socket = connect({ host: url.hostname, port: Number(url.port) })
  sockets.push(socket)
  const { promise: open, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject)
  socket.once('connect', () => {
    socket.write(head)
    if (n < Number(starved)) socket.pause()
    else socket.on('data', count)
    resolve()
  })
  await open
}
process.send?.('open')

/** `id` is the time at which Redis published the event, in milliseconds. */
function count(bytes: Buffer): void {
  const now = Date.now()
  for (let at = bytes.indexOf('id: '); at >= 0; at = bytes.indexOf('id: ', at + 20)) {
    events += 1
    delays.push(now - Number(bytes.toString('latin1', at + 4, at + 17)))
  }
}
