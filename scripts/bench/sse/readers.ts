/**
 * Many readers of one event stream in a process of their own: raw sockets, so that the readers cost less
 * than what is measured. Told by its arguments: address, readers, and how many of them stop at `stop`.
 * Answers `report` with `{ events, p50Ms, p99Ms, stopped, newest }` since `reset`: events, delays of those that
 * read on, what each stopped reader has seen of it, and the newest id that anybody saw.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { z } from 'zod'

const [address = '', readers = '0', stopping = '0'] = process.argv.slice(2)
const url = new URL(address)
const head = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`
/** `id: ` and 13 digits of milliseconds. */
const idBytes = 17

type Reader = { socket: Socket; tail: Buffer; events: number; newest: number }
const all: Reader[] = []
let delays: number[] = []

for (let n = 0; n < Number(readers); n++) {
  const socket = connect({ host: url.hostname, port: Number(url.port) })
  await once(socket, 'connect')
  const reader: Reader = { socket, tail: Buffer.alloc(0), events: 0, newest: 0 }
  socket.on('data', (bytes: Buffer) => count(reader, bytes))
  socket.write(head)
  all.push(reader)
}
const stoppers = all.slice(0, Number(stopping))

process.on('message', (message) => {
  const what = z.enum(['reset', 'report', 'stop', 'go']).parse(message)
  if (what === 'stop') for (const { socket } of stoppers) socket.pause()
  if (what === 'go') for (const { socket } of stoppers) socket.resume()
  if (what === 'report') report()
  if (what !== 'reset') return
  delays = []
  for (const reader of all) reader.events = 0
})
process.send?.('open')

/** `id` is the time at which Redis published the event, in milliseconds. */
function count(reader: Reader, part: Buffer): void {
  const now = Date.now()
  const bytes = reader.tail.length > 0 ? Buffer.concat([reader.tail, part]) : part
  let read = 0
  for (let at = bytes.indexOf('id: '); at >= 0 && at + idBytes <= bytes.length; ) {
    reader.events += 1
    reader.newest = Number(bytes.toString('latin1', at + 4, at + idBytes))
    delays.push(now - reader.newest)
    read = at + idBytes
    at = bytes.indexOf('id: ', read)
  }
  // An id may be cut in two.
  reader.tail = Buffer.from(bytes.subarray(Math.max(read, bytes.length - idBytes + 1)))
}

function report(): void {
  delays.sort((a, b) => a - b)
  const quantile = (share: number) => delays[Math.floor(delays.length * share)] ?? 0
  process.send?.({
    events: all.reduce((sum, reader) => sum + reader.events, 0),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    stopped: stoppers.map(({ events, newest }) => ({ events, newest })),
    newest: Math.max(...all.map(({ newest }) => newest)),
  })
}
