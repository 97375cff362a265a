import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createStorage } from '../../src/storage.ts'
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

describe('what is stored is what was given', () => {
  test('by put, under a key with spaces, signs and letters beyond ASCII', async () => {
    const name = `${newKey()}/a b+c&d%20=é?#.mp4`
    const body = randomBytes(1000)
    await store.storage.put(name, body, within(5_000))
    expect(await store.stored(name)).toEqual(body)
    expect(await store.storage.list(name)).toEqual([{ key: name, bytes: 1000 }])
    expect(await store.storage.head(name)).toEqual({
      bytes: 1000,
      etag: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect((await store.storage.client.statObject(store.storage.bucket, name)).metaData).toMatchObject({
      'content-type': 'video/mp4',
    })
  })

  test.for([0, 1, partBytes - 1, partBytes, partBytes + 1, 2 * partBytes])(
    'by putStream, %i bytes',
    async (bytes) => {
      const name = newKey()
      const body = randomBytes(bytes)
      const answer = await store.storage.putStream(name, inPieces(body), within(20_000))
      expect(answer).toEqual({ bytes, etag: expect.stringMatching(/^[0-9a-f]{32}-[123]$/) })
      expect(await store.storage.head(name)).toEqual(answer)
      expect((await store.stored(name)).equals(body)).toBe(true)
    },
  )

  test('by putStream from one piece larger than a part', async () => {
    const name = newKey()
    const body = randomBytes(2 * partBytes + 5)
    await store.storage.putStream(name, Readable.from([body]), within(20_000))
    expect((await store.stored(name)).equals(body)).toBe(true)
  })

  test('by putFile', async () => {
    const name = newKey()
    const path = join(store.folder, 'film.mp4')
    const body = randomBytes(partBytes + 7)
    writeFileSync(path, body)
    await store.storage.putFile(name, path, within(20_000))
    expect((await store.stored(name)).equals(body)).toBe(true)
    expect((await store.storage.client.statObject(store.storage.bucket, name)).metaData).toMatchObject({
      'content-type': 'video/mp4',
    })
  })
})

test('head answers null for a key that is not there, whatever it looks like', async () => {
  expect(await store.storage.head(newKey())).toBeNull()
  expect(await store.storage.head(`source/${'é'.repeat(200)}/x`)).toBeNull()
})

test('reading a key that is not there is no outage', async () => {
  await expect(store.stored(newKey())).rejects.toMatchObject({
    name: 'StepladderError',
    code: 'object_missing',
  })
})

test('more objects than a page holds are all listed, and all removed', async () => {
  const prefix = `${newKey()}/`
  const names = Array.from({ length: 1050 }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`)
  const puts = names.values()
  const lane = async () => {
    for (const name of puts) await store.storage.put(name, Buffer.from('x'), within(20_000))
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  expect((await store.storage.list(prefix)).map((object) => object.key)).toEqual(names)
  await store.storage.remove([...names, `${prefix}never-there`])
  expect(await store.storage.list(prefix)).toEqual([])
})

test('an object that the store keeps makes remove throw', async () => {
  const body = `<?xml version="1.0"?><DeleteResult><Deleted><Key>source/a</Key></Deleted>
    <Error><Key>source/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`
  store.proxy.meet(failing({ times: 1, status: 200, body }))
  await expect(store.proxied.remove(['source/a', 'source/b'])).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('source/b and 0 others were not removed: AccessDenied'),
  })
})

describe('addresses for others', () => {
  test('a playback address stays the same within the hour and is good for three more', async () => {
    const at = (time: string) => store.storage.presignPlayback('source/film', new Date(`2026-01-02T${time}Z`))
    expect(await at('03:59:59')).toBe(await at('03:00:00'))
    expect(await at('04:00:00')).not.toBe(await at('03:59:59'))
    const { searchParams } = new URL(await at('03:30:00'))
    expect(searchParams.get('X-Amz-Date')).toBe('20260102T030000Z')
    expect(searchParams.get('X-Amz-Expires')).toBe(String(4 * 3600))
  })

  test('a playback address answers Range and If-Match', async () => {
    const name = newKey()
    await store.storage.put(name, Buffer.from('0123456789'), within(5_000))
    const found = await store.storage.head(name)
    const url = await store.storage.presignPlayback(name)
    const get = (headers: Record<string, string>) => fetch(url, { headers })
    const part = await get({ range: 'bytes=2-4', 'if-match': `"${found?.etag}"` })
    expect([part.status, await part.text()]).toEqual([206, '234'])
    expect((await get({ 'if-match': '"another"' })).status).toBe(412)
  })

  test('an upload address takes a PUT of exactly its key', async () => {
    const name = newKey()
    const url = new URL(await store.storage.presignUpload(name, 60))
    expect((await fetch(url, { method: 'PUT', body: 'film' })).status).toBe(200)
    expect(await store.stored(name)).toEqual(Buffer.from('film'))
    url.pathname += 'x'
    expect((await fetch(url, { method: 'PUT', body: 'film' })).status).toBe(403)
  })

  test('they name the public endpoint where there is one', async () => {
    const both = createStorage({ ...store.config, S3_PUBLIC_ENDPOINT: 'https://cdn.example' })
    expect(new URL(await both.presignPlayback('source/a')).origin).toBe('https://cdn.example')
    expect(new URL(await both.presignUpload('source/a', 60)).origin).toBe('https://cdn.example')
    expect(new URL(await both.presignRead('source/a')).origin).toBe(store.config.S3_ENDPOINT)
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
  const { bytes } = await store.storage.putStream(newKey(), film(), within(25_000))
  expect(bytes).toBe(count * piece.length)
  expect((peak - before) / 2 ** 20).toBeLessThan(100)
})
