import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createStorage } from '../../src/storage.ts'
import { impatientTransport } from '../../src/storage-request.ts'
import { failing } from './store-proxy.ts'
import {
  createStoreUnderTest,
  inPieces,
  newKey,
  partBytes,
  type StoreUnderTest,
  within,
} from './store-under-test.ts'

let store: StoreUnderTest
beforeAll(async () => {
  store = await createStoreUnderTest()
})
afterAll(() => store[Symbol.asyncDispose]())
beforeEach(() => store.proxy.meet(() => false))

const unavailable = { name: 'TransientError', code: 'storage_unavailable' }

describe('while the store is down', () => {
  test.for([500, 503, 429])('a PUT that meets %i is tried again', async (status) => {
    const name = newKey()
    store.proxy.meet(failing({ times: 2, status }))
    await store.proxied.put(name, Buffer.from('film'), within(5_000))
    expect(store.proxy.requests).toHaveLength(3)
    expect(await store.stored(name)).toEqual(Buffer.from('film'))
  })

  test('a PUT whose connection is cut is tried again', async () => {
    const name = newKey()
    let left = 2
    store.proxy.meet((incoming) => left-- > 0 && Boolean(incoming.destroy()))
    await store.proxied.put(name, Buffer.from('film'), within(5_000))
    expect(await store.stored(name)).toEqual(Buffer.from('film'))
  })

  test.for([
    { step: 'beginning', match: /^POST .*uploads=/ },
    { step: 'a part', match: /^PUT .*partNumber=2/ },
    { step: 'the completion', match: /^POST .*uploadId=/ },
  ])('an upload in parts survives two failures of $step', async ({ match }) => {
    const name = newKey()
    const body = randomBytes(partBytes + 1)
    store.proxy.meet(failing({ times: 2, status: 503 }, ({ method, url }) => match.test(`${method} ${url}`)))
    const answer = await store.proxied.putStream(name, inPieces(body), within(20_000))
    expect(store.proxy.requests.filter((line) => match.test(line))).toHaveLength(3)
    expect(answer.bytes).toBe(body.length)
    expect((await store.stored(name)).equals(body)).toBe(true)
  })

  test('an upload whose completion was done but not answered is found complete', async () => {
    const name = newKey()
    let lost = 0
    store.proxy.meet((incoming, response) => {
      if (incoming.method !== 'POST' || !incoming.url?.includes('uploadId=') || lost++ > 0) return false
      // Done behind the caller's back.
      void buffer(incoming)
        .then((body) =>
          fetch(`${store.proxy.endpoint}${incoming.url}`, {
            method: 'POST',
            body: body.toString(),
            headers: {},
          }),
        )
        .then(() => response.destroy())
      return true
    })
    const { bytes } = await store.proxied.putStream(name, inPieces(randomBytes(9)), within(10_000))
    expect(lost).toBeGreaterThan(2)
    expect(bytes).toBe(9)
  })

  test('questions are asked thrice', async () => {
    store.proxy.meet(failing({ times: 2, status: 503 }))
    expect(await store.proxied.head(newKey())).toBeNull()
    store.proxy.meet(failing({ times: 2, status: 500 }))
    expect(await store.proxied.list('nothing/')).toEqual([])
    store.proxy.meet(failing({ times: 3, status: 503 }))
    await expect(store.proxied.head(newKey())).rejects.toMatchObject(unavailable)
    expect(store.proxy.requests).toHaveLength(3)
  })

  test('a question that is never answered ends by itself', async () => {
    store.proxy.meet(() => true)
    const { hostname, port } = new URL(store.proxy.endpoint)
    const asked = impatientTransport('http:', 200).request({ hostname, port, path: '/' }, () => {})
    asked.end()
    await expect(once(asked, 'response')).rejects.toThrow('no answer within 200 ms')
  })

  test('a store that nobody reaches is one clear error', async () => {
    const nowhere = createStorage({ ...store.config, S3_ENDPOINT: 'http://127.0.0.1:9' })
    await expect(nowhere.head(newKey())).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/^the object store does not serve us: .*ECONNREFUSED/),
    })
  })

  test('a body that the store cuts short is taken up where it broke off', async () => {
    const name = newKey()
    const bytes = randomBytes(300_000)
    await store.storage.put(name, bytes, within(5_000))
    const ranges: unknown[] = []
    store.proxy.meet((incoming, response) => {
      ranges.push(incoming.headers.range)
      const from = Number(/\d+/.exec(incoming.headers.range ?? '')?.[0] ?? 0)
      if (from >= 200_000) return false
      const head = { 'content-length': bytes.length - from }
      response.writeHead(from > 0 ? 206 : 200, head)
      response.write(bytes.subarray(from, from + 100_000), () => response.destroy())
      return true
    })
    expect(await buffer(store.proxied.read(name, AbortSignal.timeout(5_000)))).toEqual(bytes)
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
  })

  test('a store that delivers nothing more is given up', async () => {
    const name = newKey()
    await store.storage.put(name, randomBytes(1000), within(5_000))
    store.proxy.meet((incoming, response) => {
      response.writeHead(incoming.headers.range ? 206 : 200, { 'content-length': 1000 })
      if (incoming.headers.range) response.flushHeaders()
      else response.write(Buffer.alloc(500))
      setImmediate(() => response.destroy())
      return true
    })
    await expect(buffer(store.proxied.read(name, AbortSignal.timeout(20_000)))).rejects.toMatchObject(
      unavailable,
    )
    expect(store.proxy.requests.length).toBeGreaterThan(3)
  })

  test('a body that the store cuts short and begins anew is an error, not an end', async () => {
    const name = newKey()
    await store.storage.put(name, randomBytes(1000), within(5_000))
    store.proxy.meet((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write(Buffer.alloc(500), () => response.destroy())
      return true
    })
    await expect(buffer(store.proxied.read(name, AbortSignal.timeout(5_000)))).rejects.toMatchObject(
      unavailable,
    )
  })
})

describe('what no waiting heals is said at once', () => {
  const cases: { name: string; change: object; message: RegExp }[] = [
    {
      name: 'an unknown access key',
      change: { S3_ACCESS_KEY: 'somebody' },
      message: /InvalidAccessKeyId|AccessDenied/,
    },
    {
      name: 'a wrong secret',
      change: { S3_SECRET_KEY: 'guessed-wrong' },
      message: /SignatureDoesNotMatch|AccessDenied/,
    },
    { name: 'a bucket that is not there', change: { S3_BUCKET: 'not-there' }, message: /NoSuchBucket/ },
  ]
  test.for(cases)('$name', async ({ change, message }) => {
    const wrong = createStorage({ ...store.config, ...change })
    const refused = { ...unavailable, message: expect.stringMatching(message) }
    const before = performance.now()
    await expect(wrong.put(newKey(), Buffer.from('x'), within(5_000))).rejects.toMatchObject(refused)
    const stream = wrong.putStream(newKey(), inPieces(Buffer.from('x')), within(5_000))
    await expect(stream).rejects.toMatchObject(refused)
    await expect(wrong.list('')).rejects.toMatchObject(refused)
    expect(performance.now() - before).toBeLessThan(4_000)
  })
})

describe('an aborted upload', () => {
  test.for(['put', 'putStream', 'putFile'] as const)(
    'by %s stops at once with the reason of the abort',
    async (how) => {
      const name = newKey()
      const body = randomBytes(1000)
      writeFileSync(join(store.folder, 'film.mp4'), body)
      const reached = Promise.withResolvers<void>()
      store.proxy.meet(({ method }) => {
        if (method === 'PUT') reached.resolve()
        return method === 'PUT'
      })
      const abort = new AbortController()
      const options = { contentType: 'video/mp4', signal: abort.signal }
      const reason = new Error('fenced')
      const upload = {
        put: () => store.proxied.put(name, body, options),
        putStream: () => store.proxied.putStream(name, inPieces(body), options),
        putFile: () => store.proxied.putFile(name, join(store.folder, 'film.mp4'), options),
      }[how]()
      const outcome = upload.catch((error: unknown) => error)
      await reached.promise
      const closedBefore = store.proxy.closed()
      const asked = performance.now()
      abort.abort(reason)
      expect(await outcome).toBe(reason)
      expect(performance.now() - asked).toBeLessThan(4_000)
      await expect.poll(() => store.proxy.closed()).toBe(closedBefore + 1)
      expect(await store.storage.head(name)).toBeNull()
      expect(await store.storage.listUploads()).toEqual([])
    },
  )

  test('that waits for a store that is down stops at once, too', async () => {
    store.proxy.meet(failing({ times: Number.POSITIVE_INFINITY, status: 503 }))
    const abort = new AbortController()
    const reason = new Error('fenced')
    const options = { contentType: 'video/mp4', signal: abort.signal }
    const outcome = store.proxied.put(newKey(), Buffer.from('film'), options).catch((error: unknown) => error)
    await expect.poll(() => store.proxy.requests.length).toBeGreaterThan(2)
    const asked = performance.now()
    abort.abort(reason)
    expect(await outcome).toBe(reason)
    expect(performance.now() - asked).toBeLessThan(2_000)
  })
})

test.for([0, 1000, partBytes + 1000])(
  'a stream that breaks after %i bytes is never completed and leaves nothing',
  async (bytes) => {
    const name = newKey()
    const broken = new Error('the source died')
    const upload = store.proxied.putStream(name, inPieces(randomBytes(bytes), broken), within(10_000))
    await expect(upload).rejects.toBe(broken)
    expect(store.proxy.requests.filter((line) => /^POST .*uploadId=/.test(line))).toEqual([])
    expect(await store.storage.head(name)).toBeNull()
    expect(await store.storage.listUploads()).toEqual([])
  },
)

test('a store that silently keeps less than it was sent is caught', async () => {
  const name = newKey()
  store.proxy.meet(
    failing(
      { times: 1, status: 200 },
      ({ method, url }) => method === 'POST' && !!url?.includes('uploadId='),
    ),
  )
  const upload = store.proxied.putStream(name, inPieces(randomBytes(10)), within(5_000))
  await expect(upload).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('it has no bytes of 10'),
  })
})
