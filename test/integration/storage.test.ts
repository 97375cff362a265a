import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { createStorage, type Storage } from '../../src/storage.ts'
import { createTestData, type TestData } from '../support/test-data.ts'
import { failing, startStoreProxy } from './store-proxy.ts'

const partBytes = 16 * 2 ** 20
const folder = mkdtempSync(join(tmpdir(), 'stepladder-storage-'))
let data: TestData
let proxy: Awaited<ReturnType<typeof startStoreProxy>>
/** Straight to the store, and through the proxy. */
let storage: Storage
let proxied: Storage
beforeAll(async () => {
  data = await createTestData({ services: inject('services') })
  proxy = await startStoreProxy(data.config.S3_ENDPOINT)
  storage = createStorage(data.config)
  proxied = createStorage({ ...data.config, S3_ENDPOINT: proxy.endpoint })
  await storage.ensureBucket()
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await data.drop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => proxy.meet(() => false))

const key = () => `source/${randomBytes(6).toString('hex')}`
const within = (ms: number) => ({ contentType: 'video/mp4', signal: AbortSignal.timeout(ms) })
const stored = (name: string) => buffer(storage.read(name, AbortSignal.timeout(5_000)))
const unavailable = { name: 'TransientError', code: 'storage_unavailable' }

async function* pieces(body: Buffer, end?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += 70_001) yield body.subarray(at, at + 70_001)
  if (end) throw end
}

describe('what is stored is what was given', () => {
  test('by put, under a key with spaces, signs and letters beyond ASCII', async () => {
    const name = `${key()}/a b+c&d%20=é?#.mp4`
    const body = randomBytes(1000)
    await storage.put(name, body, within(5_000))
    expect(await stored(name)).toEqual(body)
    expect(await storage.list(name)).toEqual([{ key: name, bytes: 1000 }])
    expect(await storage.head(name)).toEqual({ bytes: 1000, etag: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect((await storage.client.statObject(storage.bucket, name)).metaData).toMatchObject({
      'content-type': 'video/mp4',
    })
  })

  test.for([0, 1, partBytes - 1, partBytes, partBytes + 1, 2 * partBytes])(
    'by putStream, %i bytes',
    async (bytes) => {
      const name = key()
      const body = randomBytes(bytes)
      const answer = await storage.putStream(name, pieces(body), within(20_000))
      expect(answer).toEqual({ bytes, etag: expect.stringMatching(/^[0-9a-f]{32}-[123]$/) })
      expect(await storage.head(name)).toEqual(answer)
      expect((await stored(name)).equals(body)).toBe(true)
    },
  )

  test('by putStream from one piece larger than a part', async () => {
    const name = key()
    const body = randomBytes(2 * partBytes + 5)
    await storage.putStream(name, Readable.from([body]), within(20_000))
    expect((await stored(name)).equals(body)).toBe(true)
  })

  test('by putFile', async () => {
    const name = key()
    const path = join(folder, 'film.mp4')
    const body = randomBytes(partBytes + 7)
    writeFileSync(path, body)
    await storage.putFile(name, path, within(20_000))
    expect((await stored(name)).equals(body)).toBe(true)
    expect((await storage.client.statObject(storage.bucket, name)).metaData).toMatchObject({
      'content-type': 'video/mp4',
    })
  })
})

test('head answers null for a key that is not there, whatever it looks like', async () => {
  expect(await storage.head(key())).toBeNull()
  expect(await storage.head(`source/${'é'.repeat(200)}/x`)).toBeNull()
})

test('reading a key that is not there is no outage', async () => {
  await expect(stored(key())).rejects.toMatchObject({ name: 'StepladderError', code: 'object_missing' })
})

test('more objects than a page holds are all listed, and all removed', async () => {
  const prefix = `${key()}/`
  const names = Array.from({ length: 1050 }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`)
  const puts = names.values()
  const lane = async () => {
    for (const name of puts) await storage.put(name, Buffer.from('x'), within(20_000))
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  expect((await storage.list(prefix)).map((object) => object.key)).toEqual(names)
  await storage.remove([...names, `${prefix}never-there`])
  expect(await storage.list(prefix)).toEqual([])
})

test('an object that the store keeps makes remove throw', async () => {
  const body = `<?xml version="1.0"?><DeleteResult><Deleted><Key>source/a</Key></Deleted>
    <Error><Key>source/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`
  proxy.meet(failing({ times: 1, status: 200, body }))
  await expect(proxied.remove(['source/a', 'source/b'])).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('source/b and 0 others were not removed: AccessDenied'),
  })
})

describe('addresses for others', () => {
  test('a playback address stays the same within the hour and is good for three more', async () => {
    const at = (time: string) => storage.presignPlayback('source/film', new Date(`2026-01-02T${time}Z`))
    expect(await at('03:59:59')).toBe(await at('03:00:00'))
    expect(await at('04:00:00')).not.toBe(await at('03:59:59'))
    const { searchParams } = new URL(await at('03:30:00'))
    expect(searchParams.get('X-Amz-Date')).toBe('20260102T030000Z')
    expect(searchParams.get('X-Amz-Expires')).toBe(String(4 * 3600))
  })

  test('a playback address answers Range and If-Match', async () => {
    const name = key()
    await storage.put(name, Buffer.from('0123456789'), within(5_000))
    const found = await storage.head(name)
    const url = await storage.presignPlayback(name)
    const get = (headers: Record<string, string>) => fetch(url, { headers })
    const part = await get({ range: 'bytes=2-4', 'if-match': `"${found?.etag}"` })
    expect([part.status, await part.text()]).toEqual([206, '234'])
    expect((await get({ 'if-match': '"another"' })).status).toBe(412)
  })

  test('an upload address takes a PUT of exactly its key', async () => {
    const name = key()
    const url = new URL(await storage.presignUpload(name, 60))
    expect((await fetch(url, { method: 'PUT', body: 'film' })).status).toBe(200)
    expect(await stored(name)).toEqual(Buffer.from('film'))
    url.pathname += 'x'
    expect((await fetch(url, { method: 'PUT', body: 'film' })).status).toBe(403)
  })

  test('they name the public endpoint where there is one', async () => {
    const both = createStorage({ ...data.config, S3_PUBLIC_ENDPOINT: 'https://cdn.example' })
    expect(new URL(await both.presignPlayback('source/a')).origin).toBe('https://cdn.example')
    expect(new URL(await both.presignUpload('source/a', 60)).origin).toBe('https://cdn.example')
    expect(new URL(await both.presignRead('source/a')).origin).toBe(data.config.S3_ENDPOINT)
  })
})

describe('while the store is down', () => {
  test.for([500, 503, 429])('a PUT that meets %i is tried again', async (status) => {
    const name = key()
    proxy.meet(failing({ times: 2, status }))
    await proxied.put(name, Buffer.from('film'), within(5_000))
    expect(proxy.requests).toHaveLength(3)
    expect(await stored(name)).toEqual(Buffer.from('film'))
  })

  test('a PUT whose connection is cut is tried again', async () => {
    const name = key()
    let left = 2
    proxy.meet((incoming) => left-- > 0 && Boolean(incoming.destroy()))
    await proxied.put(name, Buffer.from('film'), within(5_000))
    expect(await stored(name)).toEqual(Buffer.from('film'))
  })

  test.for([
    { step: 'beginning', match: /^POST .*uploads=/ },
    { step: 'a part', match: /^PUT .*partNumber=2/ },
    { step: 'the completion', match: /^POST .*uploadId=/ },
  ])('an upload in parts survives two failures of $step', async ({ match }) => {
    const name = key()
    const body = randomBytes(partBytes + 1)
    proxy.meet(failing({ times: 2, status: 503 }, ({ method, url }) => match.test(`${method} ${url}`)))
    const answer = await proxied.putStream(name, pieces(body), within(20_000))
    expect(proxy.requests.filter((line) => match.test(line))).toHaveLength(3)
    expect(answer.bytes).toBe(body.length)
    expect((await stored(name)).equals(body)).toBe(true)
  })

  test('an upload whose completion was done but not answered is found complete', async () => {
    const name = key()
    let lost = 0
    proxy.meet((incoming, response) => {
      if (incoming.method !== 'POST' || !incoming.url?.includes('uploadId=') || lost++ > 0) return false
      // Done behind the caller's back.
      void buffer(incoming)
        .then((body) =>
          fetch(`${proxy.endpoint}${incoming.url}`, { method: 'POST', body: body.toString(), headers: {} }),
        )
        .then(() => response.destroy())
      return true
    })
    const { bytes } = await proxied.putStream(name, pieces(randomBytes(9)), within(10_000))
    expect(lost).toBeGreaterThan(2)
    expect(bytes).toBe(9)
  })

  test('questions are asked thrice', async () => {
    proxy.meet(failing({ times: 2, status: 503 }))
    expect(await proxied.head(key())).toBeNull()
    proxy.meet(failing({ times: 2, status: 500 }))
    expect(await proxied.list('nothing/')).toEqual([])
    proxy.meet(failing({ times: 3, status: 503 }))
    await expect(proxied.head(key())).rejects.toMatchObject(unavailable)
    expect(proxy.requests).toHaveLength(3)
  })

  test('a store that nobody reaches is one clear error', async () => {
    const nowhere = createStorage({ ...data.config, S3_ENDPOINT: 'http://127.0.0.1:9' })
    await expect(nowhere.head(key())).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/^the object store does not serve us: .*ECONNREFUSED/),
    })
  })

  test('a body that the store cuts short is an error, not an end', async () => {
    const name = key()
    await storage.put(name, randomBytes(1000), within(5_000))
    proxy.meet((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write(Buffer.alloc(500), () => response.destroy())
      return true
    })
    await expect(buffer(proxied.read(name, AbortSignal.timeout(5_000)))).rejects.toMatchObject(unavailable)
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
    const wrong = createStorage({ ...data.config, ...change })
    const refused = { ...unavailable, message: expect.stringMatching(message) }
    const before = performance.now()
    await expect(wrong.put(key(), Buffer.from('x'), within(5_000))).rejects.toMatchObject(refused)
    const stream = wrong.putStream(key(), pieces(Buffer.from('x')), within(5_000))
    await expect(stream).rejects.toMatchObject(refused)
    await expect(wrong.list('')).rejects.toMatchObject(refused)
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})

describe('an aborted upload', () => {
  test.for(['put', 'putStream', 'putFile'] as const)(
    'by %s stops at once with the reason of the abort',
    async (how) => {
      const name = key()
      const body = randomBytes(1000)
      writeFileSync(join(folder, 'film.mp4'), body)
      const reached = Promise.withResolvers<void>()
      proxy.meet(({ method }) => {
        if (method === 'PUT') reached.resolve()
        return method === 'PUT'
      })
      const abort = new AbortController()
      const options = { contentType: 'video/mp4', signal: abort.signal }
      const reason = new Error('fenced')
      const upload = {
        put: () => proxied.put(name, body, options),
        putStream: () => proxied.putStream(name, pieces(body), options),
        putFile: () => proxied.putFile(name, join(folder, 'film.mp4'), options),
      }[how]()
      const outcome = upload.catch((error: unknown) => error)
      await reached.promise
      const closedBefore = proxy.closed()
      const asked = performance.now()
      abort.abort(reason)
      expect(await outcome).toBe(reason)
      expect(performance.now() - asked).toBeLessThan(500)
      await expect.poll(() => proxy.closed()).toBe(closedBefore + 1)
      expect(await storage.head(name)).toBeNull()
      expect(await storage.listUploads()).toEqual([])
    },
  )

  test('that waits for a store that is down stops at once, too', async () => {
    proxy.meet(failing({ times: Number.POSITIVE_INFINITY, status: 503 }))
    const abort = new AbortController()
    const reason = new Error('fenced')
    const options = { contentType: 'video/mp4', signal: abort.signal }
    const outcome = proxied.put(key(), Buffer.from('film'), options).catch((error: unknown) => error)
    await expect.poll(() => proxy.requests.length).toBeGreaterThan(2)
    abort.abort(reason)
    expect(await outcome).toBe(reason)
  })
})

test.for([0, 1000, partBytes + 1000])(
  'a stream that breaks after %i bytes is never completed and leaves nothing',
  async (bytes) => {
    const name = key()
    const broken = new Error('the source died')
    const upload = proxied.putStream(name, pieces(randomBytes(bytes), broken), within(10_000))
    await expect(upload).rejects.toBe(broken)
    expect(proxy.requests.filter((line) => /^POST .*uploadId=/.test(line))).toEqual([])
    expect(await storage.head(name)).toBeNull()
    expect(await storage.listUploads()).toEqual([])
  },
)

test('a store that silently keeps less than it was sent is caught', async () => {
  const name = key()
  proxy.meet(
    failing(
      { times: 1, status: 200 },
      ({ method, url }) => method === 'POST' && !!url?.includes('uploadId='),
    ),
  )
  const upload = proxied.putStream(name, pieces(randomBytes(10)), within(5_000))
  await expect(upload).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('it has no bytes of 10'),
  })
})

test('200 MB stream through without being held in memory', async () => {
  const piece = randomBytes(64 * 1024)
  const count = 3200
  let peak = 0
  async function* film(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < count; sent++) {
      peak = Math.max(peak, process.memoryUsage.rss())
      yield piece
    }
  }
  const before = process.memoryUsage.rss()
  const { bytes } = await storage.putStream(key(), film(), within(25_000))
  expect(bytes).toBe(count * piece.length)
  expect((peak - before) / 2 ** 20).toBeLessThan(100)
})
