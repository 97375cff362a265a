import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey, revokeKey } from '../../../src/auth/api-keys.ts'
import { documentedRoutes } from '../../support/documented-routes.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { bearer, type Keys, makeKeys } from './keyed-api.ts'

/** Not open for a moment, whatever it listens on in truth. */
const closed = { HOST: '0.0.0.0' }

describe('whoever is refused', () => {
  test('is counted by address, so that keys are not tried without end, and takes nothing from who has one', async () => {
    // One unit, which is back after a minute.
    await using api = await startApi({ lead: { ...closed, RATE_READ: 1 } })
    const keys = await makeKeys(api.sql)
    expect((await api.ask('/videos', { headers: bearer(keys.unknown) })).status).toBe(401)
    for (const headers of [
      {},
      bearer(keys.wrongSecret),
      bearer('nonsense'),
      { cookie: 'stepladder_session=x' },
    ]) {
      expect((await api.ask('/videos', { headers })).body.code).toBe('rate_limited')
    }
    const { status, headers } = await api.ask('/videos', { headers: bearer(keys.anna) })
    expect([status, headers.get('ratelimit')]).toEqual([200, '"read";r=0;t=60'])
  })

  test('for the scope of its key is counted by that', async () => {
    await using api = await startApi({ lead: { ...closed, RATE_WRITE: 1 } })
    const keys = await makeKeys(api.sql)
    const cancel = { method: 'POST', headers: bearer(keys.single('read')) }
    expect((await api.ask('/uploads', cancel)).status).toBe(403)
    expect((await api.ask('/uploads', cancel)).status).toBe(429)
    const other = { method: 'POST', headers: bearer(keys.single('submit')) }
    expect((await api.ask('/uploads', other)).status).toBe(201)
  })
})

describe('an API without keys', () => {
  let api: ApiUnderTest
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api[Symbol.asyncDispose]())

  async function askAs(host: string, path: string, init: { method?: 'POST'; body?: string } = {}) {
    const headers = { host, 'content-type': 'application/json' }
    const { statusCode, body } = await request(`${api.url}${path}`, { ...init, headers })
    const answer: unknown = await body.json()
    return [statusCode, answer]
  }

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.0.2.7',
    '[2001:db8::1]:80',
  ])('does not answer a browser that was led here under the name %s', async (host) => {
    const refused = [401, expect.objectContaining({ code: 'unauthenticated' })]
    expect(await askAs(host, '/videos')).toEqual(refused)
    expect(await askAs(host, '/uploads', { method: 'POST', body: '{}' })).toEqual(refused)
    expect(await askAs(host, '/session', { method: 'POST', body: '{"key":"x"}' })).toEqual(refused)
    expect(await askAs(host, '/session')).toEqual([200, expect.objectContaining({ scopes: [] })])
  })

  test.each(['localhost', 'localhost:8080', 'LOCALHOST:1', '127.0.0.1', '127.1.2.3:8080', '[::1]:8080'])(
    'answers who asks for %s',
    async (host) => {
      expect((await askAs(host, '/videos'))[0]).toBe(200)
    },
  )
})

describe('a browser that does not say which site a request comes from', () => {
  let api: ApiUnderTest
  beforeAll(async () => {
    api = await startApi({ lead: { API_CORS_ORIGINS: ['https://friend.example'] } })
  })
  afterAll(() => api[Symbol.asyncDispose]())
  const send = async (headers: { [name: string]: string }) => {
    const { status, body } = await api.ask('/uploads', { method: 'POST', headers })
    return status === 201 ? status : [status, body.code]
  }

  test.each(['https://evil.example', 'http://localhost', 'http://127.0.0.1:1', 'null', 'nonsense'])(
    'changes nothing for the page of another origin: %s',
    async (origin) => {
      expect(await send({ origin })).toEqual([403, 'cross_site_request'])
    },
  )

  test('does for our own page and for those that are listed, and a program does without any', async () => {
    expect(await send({ origin: api.url })).toBe(201)
    expect(await send({ origin: 'https://friend.example' })).toBe(201)
    expect(await send({})).toBe(201)
    // What it says counts for more: behind a proxy the page's origin has another name than we know.
    expect(await send({ origin: 'https://videos.example.org', 'sec-fetch-site': 'same-origin' })).toBe(201)
  })
})

describe('with keys', () => {
  let api: ApiUnderTest
  let keys: Keys
  beforeAll(async () => {
    api = await startApi({ lead: closed })
    keys = await makeKeys(api.sql)
  })
  afterAll(() => api[Symbol.asyncDispose]())

  test('HEAD asks for the key that GET asks for', async () => {
    const id = '0190b2c4-0000-7000-8000-000000000000'
    for (const { name, scope, method, addressOf } of documentedRoutes()) {
      if (method !== 'GET' || scope === null) continue
      const path = addressOf({ id, file: '360p.m3u8', rung: '360p' })
      expect((await api.request(path, { method: 'HEAD' })).status, name).toBe(401)
    }
    const head = await api.request('/videos', { method: 'HEAD', headers: bearer(keys.anna) })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('no cache on the way keeps what one owner was told', async () => {
    for (const path of ['/videos', '/limits', '/session', '/healthz', '/nothing']) {
      const { headers } = await api.ask(path, { headers: bearer(keys.anna) })
      expect(headers.get('cache-control'), path).toBe('no-store')
    }
  })

  test('a key that is revoked opens nothing from then on, however often it was shown before', async () => {
    const made = await createKey(api.sql, { name: 'x', owner: 'anna', scopes: ['read'], expiresInS: null })
    const ask = async () => (await api.ask('/videos', { headers: bearer(made.text) })).status
    for (let count = 0; count < 5; count++) expect(await ask()).toBe(200)
    await revokeKey(api.sql, made.key.id)
    await expect.poll(ask).toBe(401)
    expect(await ask()).toBe(401)
  })
})
