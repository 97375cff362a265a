import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CourierSystem, createCourierSystem, storedBytes } from './courier-system.ts'
import { fromOf, serveRanges } from './range-server.ts'
import { serve, serveAndHang, serveForEver, startRawSource, startSource } from './source-server.ts'

const maxBytes = 20 * 2 ** 20
let system: CourierSystem
beforeAll(async () => {
  const overrides = { MAX_SOURCE_BYTES: String(maxBytes), FETCH_TIMEOUT_MS: '1500', FETCH_SLOTS: '1' }
  system = await createCourierSystem({ courier: true, overrides })
})
afterAll(() => system[Symbol.asyncDispose]())

const tooLarge = { status: 'failed', error_code: 'source_too_large', attempt: 0, source_key: null }
const tooSlow = { status: 'failed', error_code: 'source_too_slow', attempt: 0, source_key: null }

test('a source that says it is too large is refused before its body is read', async () => {
  await using source = await startSource((_, response) => {
    response.writeHead(200, { 'content-length': maxBytes + 1 }).write(Buffer.alloc(1000))
  })
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject(tooLarge)
  expect(video.error_message).toBe(`the source has ${maxBytes + 1} bytes, more than the ${maxBytes} allowed`)
  expect(await system.kept(video.id)).toEqual([])
})

test('a source of exactly the largest size is fetched', async () => {
  await using source = await startSource(serve(Buffer.alloc(maxBytes, 3)))
  expect(await system.fetched(source.url('/film.mp4'))).toMatchObject({
    state: 'done',
    source_size_bytes: maxBytes,
  })
})

test('an endless body is cut at the cap and leaves nothing, though its first part was stored', async () => {
  await using source = await startSource(serveForEver)
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject(tooLarge)
  expect(video.error_message).toBe(`the source has more than the ${maxBytes} bytes allowed`)
  expect(await system.kept(video.id)).toEqual([])
})

test('a body that comes too slowly is given up after the time allowed', async () => {
  await using source = await startSource((_, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('a byte'), 20)
    response.on('close', () => clearInterval(drip))
  })
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject(tooSlow)
  expect(video.error_message).toBe('the source took longer than allowed to download')
  expect(source.requests).toHaveLength(1)
  expect(await system.kept(video.id)).toEqual([])
})

test('a body that stops after its first part leaves no upload behind', async () => {
  await using source = await startSource(serveAndHang(Buffer.alloc(17 * 2 ** 20)))
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject(tooSlow)
  expect(await system.kept(video.id)).toEqual([])
})

test('a server that never answers is given up too, and the courier goes on', async () => {
  await using silent = await startSource(() => {})
  expect(await system.fetched(silent.url('/film.mp4'))).toMatchObject(tooSlow)
  await using source = await startSource(serve(Buffer.from('film')))
  expect(await system.fetched(source.url('/film.mp4'))).toMatchObject({ state: 'done' })
})

test('a body that goes on behind its Content-Length ends there', async () => {
  await using source = await startSource((_, response) => {
    response.writeHead(200, { 'content-length': 4 }).end('film and what somebody hid behind it')
  })
  const { source_key } = await system.fetched(source.url('/film.mp4'))
  expect((await storedBytes(system.storage, source_key)).toString()).toBe('film')
})

const head = 'HTTP/1.1 200 OK\r\n'
const early = 'HTTP/1.1 103 Early Hints\r\n\r\n'
const unreadable = { status: 'failed', error_code: 'source_unreachable', attempt: 1 }

test.for([
  ['two lengths', `${head}content-length: 4\r\ncontent-length: 8\r\n\r\nfilmfilm`],
  ['a length below nothing', `${head}content-length: -4\r\n\r\nfilm`],
  ['a length that is no number', `${head}content-length: 0x4\r\n\r\nfilm`],
  [
    'a length beside chunks',
    `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfilm\r\n0\r\n\r\n`,
  ],
  ['chunks of absurd length', `${head}transfer-encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\nfilm`],
  ['a head of a megabyte', `${head}x: ${'x'.repeat(2 ** 20)}\r\n\r\nfilm`],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
] as const)('an answer with %s is no source', async ([, bytes]) => {
  await using source = await startRawSource((socket) => socket.end(bytes))
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject(unreadable)
  expect(await system.kept(video.id)).toEqual([])
})

test.for([
  ['whose head comes byte by byte', `${head}x: `, 'x'],
  ['that only ever announces itself', early, early],
] as const)('an answer %s is given up after the time allowed', async ([, first, then]) => {
  await using source = await startRawSource((socket) => {
    socket.write(first)
    const drip = setInterval(() => socket.write(then), 20)
    socket.on('close', () => clearInterval(drip))
  })
  expect(await system.fetched(source.url('/film.mp4'))).toMatchObject(tooSlow)
})

test('breaks and pauses count into the time allowed', async () => {
  const body = Buffer.alloc(1000)
  await using source = await startSource((request, response) =>
    serveRanges({ body, cutAt: fromOf(request) ?? 0 })(request, response),
  )
  expect(await system.fetched(source.url('/film.mp4'))).toMatchObject(tooSlow)
})
