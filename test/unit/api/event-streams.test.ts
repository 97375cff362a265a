import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createEventStreams, endStream, sendFrame } from '../../../src/api/event-streams.ts'
import { type Frame, frameOf } from '../../../src/progress/frames.ts'
import type { ProgressSnapshot } from '../../../src/progress/snapshot.ts'

// Megabytes through a socket, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server whose every request becomes a stream, which `next` hands out in the order of the requests. */
async function startStreams() {
  const streams = createEventStreams()
  const arrived: ServerResponse[] = []
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    arrived.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    streams.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo

  async function next(onClose = () => {}) {
    await vi.waitFor(() => expect(arrived.length).toBeGreaterThan(0), { timeout: 10_000 })
    const response = arrived.shift()
    if (!response) throw new Error('no request came')
    return { response, stream: streams.open(response, onClose) }
  }
  return { port, next }
}

/** Writes raw bytes and collects what comes back. */
function connectTo(port: number, ...requests: string[]): { socket: Socket; text: () => string } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1')
  })
  for (const request of requests) socket.write(request)
  closers.push(() => socket.destroy())
  return { socket, text: () => text }
}

/** An event whose bytes nobody else holds. */
function makeFrame(seq: number, bytes = 10): Frame {
  const json = JSON.stringify({ seq, rest: 'x'.repeat(bytes) })
  return frameOf('video', { snapshot: { seq } as ProgressSnapshot, json }, 'progress')
}

const get = (version = '1.1') => `GET / HTTP/${version}\r\nHost: x\r\n\r\n`
const untilIt = (check: () => void) => vi.waitFor(check, { timeout: 20_000 })
const data = (seq: number) => `data: {"seq":${seq},`

test('a reader that stops holds one frame and what its socket buffers, and gets the newest when it reads again', async () => {
  const { port, next } = await startStreams()
  const { socket, text } = connectTo(port, get())
  const { response, stream } = await next()
  await untilIt(() => expect(text()).toContain('retry: 2000'))
  socket.pause()
  const rounds = 5_000
  for (let seq = 1; seq <= rounds; seq++) {
    sendFrame(stream, 'video', makeFrame(seq, 10_000))
    // The socket takes what the system has room for.
    if (seq % 100 === 0) await new Promise(setImmediate)
    expect(stream.waiting?.size ?? 0).toBeLessThanOrEqual(1)
    expect(response.socket?.writableLength ?? 0).toBeLessThan(128 * 1024)
  }
  expect(stream.blockedSince).toBeGreaterThan(0)
  socket.resume()
  await untilIt(() => expect(text()).toContain(data(rounds)))
  expect(text().split('event: progress').length).toBeLessThan(rounds / 2)
  await untilIt(() => expect(stream.blockedSince).toBe(0))
  sendFrame(stream, 'video', makeFrame(rounds + 1))
  await untilIt(() => expect(text()).toContain(data(rounds + 1)))
})

test('a stream that ends while its reader takes nothing closes only when all was read', async () => {
  const { port, next } = await startStreams()
  const { socket, text } = connectTo(port, get())
  const closed = vi.fn<() => void>()
  const { stream } = await next(closed)
  await untilIt(() => expect(text()).toContain('retry: 2000'))
  socket.pause()
  for (let seq = 1; stream.waiting === null; seq++) {
    sendFrame(stream, 'video', makeFrame(seq, 100_000))
    await new Promise(setImmediate)
  }
  sendFrame(stream, 'video', makeFrame(9_999_999))
  endStream(stream)
  sendFrame(stream, 'video', makeFrame(10_000_000))
  expect(closed).not.toHaveBeenCalled()
  socket.resume()
  await untilIt(() => expect(text()).toMatch(/data: \{"seq":9999999,.*\}\n\n\r\n0\r\n\r\n$/))
  await untilIt(() => expect(closed).toHaveBeenCalledTimes(1))
})

test('a client of HTTP/1.0, which knows no chunks, gets the bare events', async () => {
  const { port, next } = await startStreams()
  const { socket, text } = connectTo(port, get('1.0'))
  const ended = once(socket, 'end')
  const { stream } = await next()
  sendFrame(stream, 'video', makeFrame(7))
  endStream(stream)
  await ended
  const [head = '', ...body] = text().split('\r\n\r\n')
  expect(head).not.toMatch(/chunked/i)
  expect(body.join('')).toBe('retry: 2000\n\nid: 7\nevent: progress\ndata: {"seq":7,"rest":"xxxxxxxxxx"}\n\n')
})

test('streams asked for one after another on one connection come one after another, and leave nothing on it', async () => {
  const { port, next } = await startStreams()
  const rounds = 12
  const { text } = connectTo(port, get().repeat(rounds))
  const first = await next()
  const onSocket = first.response.socket?.listenerCount('drain') ?? 0
  const later = []
  for (let n = 1; n < rounds; n++) later.push(await next())
  for (const [n, { stream }] of [first, ...later].entries()) sendFrame(stream, 'video', makeFrame(n))
  for (const { stream } of later) endStream(stream)
  const { socket } = first.response
  endStream(first.stream)
  await untilIt(() => expect(text().split('0\r\n\r\n')).toHaveLength(rounds + 1))
  const found = [...text().matchAll(/data: \{"seq":(\d+)/g)].map(([, seq]) => Number(seq))
  expect(found).toEqual(Array.from({ length: rounds }, (_, n) => n))
  expect(socket?.listenerCount('drain')).toBe(onSocket - 1)
})
