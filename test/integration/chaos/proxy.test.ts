import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTcpProxy, type TcpProxy } from '../../chaos/support/proxy.ts'

/** Says everything back; what its clients said is kept. */
async function startEcho() {
  const sockets: Socket[] = []
  const heard: string[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      heard.push(String(bytes))
      socket.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `echo://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    heard,
    sockets,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let echo: Awaited<ReturnType<typeof startEcho>>
let proxy: TcpProxy
const clients: Socket[] = []

beforeEach(async () => {
  echo = await startEcho()
  proxy = await startTcpProxy(echo.url)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy[Symbol.asyncDispose]()
  await echo.stop()
})

async function open(): Promise<Socket> {
  const client = connect(proxy.port, '127.0.0.1')
  clients.push(client)
  client.on('error', () => {})
  await once(client, 'connect')
  return client
}

async function ask(client: Socket, question: string): Promise<string> {
  client.write(question)
  return String((await once(client, 'data'))[0])
}

/** True when nothing comes for as long as an answer would take many times over. */
async function staysSilent(client: Socket): Promise<boolean> {
  const events = ['data', 'end', 'close'].map((name) => once(client, name).then(() => false))
  return Promise.race([sleep(150, true), ...events])
}

test('bytes and ends pass both ways, much or little', async () => {
  const client = await open()
  expect(await ask(client, 'hello')).toBe('hello')
  const much = Buffer.alloc(8_000_000, 'film')
  let back = 0
  client.on('data', (bytes) => {
    back += bytes.length
  })
  client.write(much)
  await vi.waitFor(() => expect(back).toBe(much.length), 5_000)
  expect(proxy.counts()).toMatchObject({ accepted: 1, open: 1, toServer: 8_000_005, toClient: 8_000_005 })
  client.end()
  await once(client, 'close')
  await vi.waitFor(() => expect(proxy.counts().open).toBe(0))
  expect(echo.sockets[0]?.destroyed).toBe(true)
})

test('a cut ends both sides, a reset says so, and new connections pass at once', async () => {
  const client = await open()
  await ask(client, 'hello')
  proxy.cut()
  await once(client, 'close')
  await vi.waitFor(() => expect(echo.sockets[0]?.destroyed).toBe(true))

  const other = await open()
  await ask(other, 'again')
  const failed = new Promise((resolve) => other.once('error', resolve))
  proxy.reset()
  expect(await failed).toMatchObject({ code: 'ECONNRESET' })
  expect(await ask(await open(), 'and again')).toBe('and again')
})

test('while it refuses, what is open stays, and the port is the same afterwards', async () => {
  const client = await open()
  proxy.refuse()
  const { port } = proxy
  const refused = connect(port, '127.0.0.1')
  const [error] = await new Promise<unknown[]>((resolve) => refused.once('error', (...all) => resolve(all)))
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  expect(await ask(client, 'still there')).toBe('still there')
  await proxy.heal()
  expect(proxy.port).toBe(port)
  expect(await ask(await open(), 'hello')).toBe('hello')
})

test('a black hole towards the server swallows questions, old and new connections alike', async () => {
  const client = await open()
  await ask(client, 'one')
  proxy.swallow('to-server')
  client.write('two')
  const late = await open()
  late.write('three')
  expect(await staysSilent(client)).toBe(true)
  expect(echo.heard).toEqual(['one'])
  expect(echo.sockets).toHaveLength(1)
  expect(proxy.counts()).toMatchObject({ accepted: 2, open: 2, swallowed: 8 })
})

test('a black hole towards the client swallows answers: the server did what nobody learns of', async () => {
  const client = await open()
  proxy.swallow('to-client')
  client.write('commit')
  expect(await staysSilent(client)).toBe(true)
  expect(echo.heard).toEqual(['commit'])
  const late = await open()
  late.write('begin')
  await vi.waitFor(() => expect(echo.heard).toEqual(['commit', 'begin']))
  expect(await staysSilent(late)).toBe(true)
})

test('no end passes through a black hole, so that each side believes in the other', async () => {
  const client = await open()
  await ask(client, 'hello')
  proxy.swallow('both')
  echo.sockets[0]?.end()
  expect(await staysSilent(client)).toBe(true)
  // What waits for the other side's farewell before it opens a new connection waits for ever.
  client.end()
  expect(await staysSilent(client)).toBe(true)
  expect(echo.sockets[0]?.destroyed).toBe(false)
})

test('once healed, a connection that lost something stays silent and all others go on', async () => {
  const [quiet, unlucky] = [await open(), await open()]
  await ask(quiet, 'one')
  await ask(unlucky, 'two')
  proxy.swallow('both')
  unlucky.write('lost')
  const late = await open()
  late.write('lost too')
  await vi.waitFor(() => expect(proxy.counts().swallowed).toBe(12))
  await proxy.heal()
  expect(await ask(quiet, 'three')).toBe('three')
  expect(await ask(await open(), 'four')).toBe('four')
  unlucky.write('anybody?')
  late.write('anybody?')
  expect(await Promise.all([staysSilent(unlucky), staysSilent(late)])).toEqual([true, true])
  expect(echo.heard).toEqual(['one', 'two', 'three', 'four'])
})

test('delayed bytes come late, in order, and their delays do not add up', async () => {
  const client = await open()
  proxy.delay(200)
  const words = [...'abcdefghijklmnopqrst']
  const began = performance.now()
  let text = ''
  client.on('data', (bytes) => {
    text += String(bytes)
  })
  for (const word of words) {
    client.write(word)
    await sleep(2)
  }
  await proxy.heal()
  client.write('u')
  await vi.waitFor(() => expect(text).toBe(`${words.join('')}u`), 10_000)
  const tookMs = performance.now() - began
  expect(tookMs).toBeGreaterThan(200)
  expect(tookMs).toBeLessThan(words.length * 200)
})

test('a connection is cut in the middle of the piece that is one too many', async () => {
  const limits = [3, 7]
  proxy.shorten(() => limits.shift() ?? Number.POSITIVE_INFINITY)
  const answers = []
  for (let n = 0; n < 2; n++) {
    const client = await open()
    let text = ''
    client.on('data', (bytes) => {
      text += String(bytes)
    })
    const closed = once(client, 'close')
    client.write('hello')
    await closed
    answers.push(text)
  }
  expect(answers).toEqual(['', 'he'])
  expect(echo.heard).toEqual(['hel', 'hello'])
  expect(await ask(await open(), 'whole')).toBe('whole')
})

test('a server that is gone is a connection reset', async () => {
  await echo.stop()
  const client = connect(proxy.port, '127.0.0.1')
  const [error] = await new Promise<unknown[]>((resolve) => client.once('error', (...all) => resolve(all)))
  expect(error).toMatchObject({ code: 'ECONNRESET' })
})
