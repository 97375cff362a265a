import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestSystem } from '../../support/system.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { insertVideo } from './rows.ts'

const friend = 'https://videos.example.org'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi({ lead: { API_CORS_ORIGINS: [friend], TRUST_PROXY_HOPS: 1 } })
})
afterAll(() => api[Symbol.asyncDispose]())

describe('the id of a request', () => {
  test.each([
    '7f3a',
    'c0ffee00-1234-4321-8888-1234567890ab',
    'Root=1-67891233-abcdef012345678912345678',
    'a'.repeat(128),
  ])('is the one it came with: %s', async (id) => {
    const { headers, body } = await api.ask('/nothing', { headers: { 'x-request-id': id } })
    expect(headers.get('x-request-id')).toBe(id)
    expect(body.request_id).toBe(id)
  })

  test.each(['', 'two words', 'a'.repeat(129), '{"level":"error"}', '<script>', 'ü'])(
    'is one of our own instead of %j',
    async (id) => {
      const { headers, body } = await api.ask('/nothing', { headers: { 'x-request-id': id } })
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(body.request_id).toBe(headers.get('x-request-id'))
    },
  )

  test('stands in the lines of the log, of a request and of its failure', async () => {
    const environment = { LOG_LEVEL: 'debug', S3_ENDPOINT: 'http://127.0.0.1:1' }
    await using system = await createTestSystem({ workers: 0 })
    const { app, baseUrl } = await system.startApi({ environment })
    const answer = await fetch(`${baseUrl}/probe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine-1' },
      body: JSON.stringify({ source: { key: 'source/film' } }),
    })
    expect(answer.status).toBe(503)
    await app.logged((entry) => entry.msg === 'request' && entry.request_id === 'mine-1')
    await app.logged((entry) => entry.msg === 'request failed' && entry.request_id === 'mine-1')
  })
})

test('every kind of answer is no document, is not framed and belongs to its own origin', async () => {
  const id = await insertVideo(api.sql)
  for (const path of [
    `/videos/${id}`,
    '/nothing',
    '/videos/x',
    '/healthz',
    '/web/app.js',
    `/progress/${id}`,
  ]) {
    const response = await api.request(path)
    await response.body?.cancel()
    expect(Object.fromEntries(response.headers), path).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-request-id': expect.any(String),
    })
  }
})

test('the page keeps other windows off, and the player and what it plays may be embedded', async () => {
  const id = await insertVideo(api.sql)
  const headersOf = async (path: string) => {
    const response = await api.request(path)
    await response.body?.cancel()
    return response.headers
  }
  const page = await headersOf('/')
  expect(page.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(page.get('content-security-policy')).toContain("default-src 'self'")
  const embed = await headersOf(`/embed/${id}`)
  expect(embed.get('cross-origin-opener-policy')).toBeNull()
  expect(embed.get('content-security-policy')).toContain('frame-ancestors *')
  for (const path of [`/embed/${id}`, `/videos/${id}/poster.jpg`, `/videos/${id}/hls/master.m3u8`]) {
    expect((await headersOf(path)).get('cross-origin-resource-policy'), path).toBe('cross-origin')
  }
})

test('only what came by TLS through our proxy is told to keep to it', async () => {
  const told = async (headers: { [name: string]: string }) =>
    (await api.ask('/healthz', { headers })).headers.get('strict-transport-security')
  expect(await told({ 'x-forwarded-proto': 'https' })).toBe('max-age=31536000')
  expect(await told({ 'x-forwarded-proto': 'http' })).toBeNull()
  expect(await told({})).toBeNull()
  await using bare = await startApi()
  const spoofed = await bare.ask('/healthz', { headers: { 'x-forwarded-proto': 'https' } })
  expect(spoofed.headers.has('strict-transport-security')).toBe(false)
})

describe('pages of other origins', () => {
  test('may ask, change and read what they need where they are listed', async () => {
    const preflight = await api.request('/jobs', {
      method: 'OPTIONS',
      headers: { origin: friend, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(friend)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()

    const made = await api.ask('/uploads', {
      method: 'POST',
      headers: { origin: friend, 'sec-fetch-site': 'cross-site' },
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('access-control-allow-origin')).toBe(friend)
    expect(made.headers.get('access-control-expose-headers')).toContain('RateLimit')
    expect(made.headers.get('vary')).toContain('Origin')
    await using events = await openEvents(`${api.url}/progress`, { origin: friend })
    expect(events.response.headers.get('access-control-allow-origin')).toBe(friend)
  })

  test.each([
    'https://evil.example',
    `${friend}.evil.example`,
    `${friend}:8443`,
    'null',
    'http://videos.example.org',
  ])('get nothing where they are not: %s', async (origin) => {
    const asked = await api.ask('/limits', { headers: { origin } })
    expect(asked.headers.has('access-control-allow-origin')).toBe(false)
    const preflight = await api.request('/jobs', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    await preflight.body?.cancel()
    expect([preflight.status, preflight.headers.has('access-control-allow-origin')]).toEqual([405, false])
    const changed = await api.ask('/uploads', {
      method: 'POST',
      headers: { origin, 'sec-fetch-site': 'cross-site' },
    })
    expect([changed.status, changed.body.code]).toEqual([403, 'cross_site_request'])
  })
})
