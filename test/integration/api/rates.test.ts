import { describe, expect, test } from 'vitest'
import { createTestSystem } from '../../support/system.ts'
import { startApi } from './api-under-test.ts'

const nowhere = 'redis://127.0.0.1:1'

/** What a caller may make since `from` at most: its quota, and what came back meanwhile. */
function mostSince(from: number, quota: number): number {
  return quota + Math.ceil(((performance.now() - from) / 60_000) * quota)
}

test('two API processes that are asked at once grant one quota between them', async () => {
  await using system = await createTestSystem({ workers: 0, environment: { RATE_READ: '40' } })
  const second = await system.startApi()
  const from = performance.now()
  const statuses = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const response = await fetch(`${index % 2 ? second.baseUrl : system.baseUrl}/profiles`)
      await response.body?.cancel()
      return response.status
    }),
  )
  const granted = statuses.filter((status) => status === 200).length
  expect(statuses.filter((status) => status === 429).length).toBe(120 - granted)
  expect(granted).toBeGreaterThanOrEqual(40)
  expect(granted).toBeLessThanOrEqual(mostSince(from, 40))
})

test('nor do they grant more where they take units of a busy client several at a time', async () => {
  await using system = await createTestSystem({ workers: 0, environment: { RATE_READ: '500' } })
  const second = await system.startApi()
  const from = performance.now()
  const counts = { granted: 0, refused: 0 }
  async function askOn(baseUrl: string) {
    for (let count = 0; count < 40; count++) {
      const response = await fetch(`${baseUrl}/profiles`)
      await response.body?.cancel()
      counts[response.status === 200 ? 'granted' : 'refused'] += 1
    }
  }
  const askers = Array.from({ length: 16 }, (_, index) => askOn(index % 2 ? second.baseUrl : system.baseUrl))
  await Promise.all(askers)
  expect(counts.granted).toBeLessThanOrEqual(mostSince(from, 500))
  // Less what one process holds when the other has none left.
  expect(counts.granted).toBeGreaterThan(400)
  expect(counts.granted + counts.refused).toBe(640)
})

test('an answer tells the policy and what is left, and a refusal when to come again', async () => {
  await using api = await startApi({ lead: { RATE_READ: 2 } })
  const first = await api.ask('/profiles')
  expect(first.headers.get('ratelimit-policy')).toBe('"read";q=2;w=60')
  expect(first.headers.get('ratelimit')).toBe('"read";r=1;t=30')
  await api.ask('/nothing')
  const { status, headers, body } = await api.ask('/limits')
  expect(status).toBe(429)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ code: 'rate_limited', status: 429, 'violated-policies': ['read'] })
  const waitS = Number(headers.get('retry-after'))
  expect(waitS).toBeGreaterThan(0)
  expect(waitS).toBeLessThanOrEqual(30)
  expect(headers.get('ratelimit')).toBe(`"read";r=0;t=${waitS}`)
})

test('what costs much has a quota of its own, and none of another is taken', async () => {
  await using api = await startApi({ lead: { RATE_PROBE: 1, RATE_WRITE: 1 } })
  const source = { url: 'https://example.org/film.mp4' }
  expect((await api.ask('/jobs?dry_run=true', { json: { source } })).status).toBe(422)
  expect((await api.ask('/probe', { json: { source } })).body).toMatchObject({
    code: 'rate_limited',
    'violated-policies': ['probe'],
  })
  expect((await api.ask('/jobs', { json: { source } })).status).toBe(201)
  expect((await api.ask('/uploads', { method: 'POST' })).body.code).toBe('rate_limited')
  expect((await api.ask('/profiles')).status).toBe(200)
})

test('neither the page nor the sign of life is counted', async () => {
  await using api = await startApi({ lead: { RATE_READ: 1 } })
  await api.ask('/profiles')
  for (const path of ['/', '/web/app.js', '/healthz']) {
    const response = await api.request(path)
    await response.body?.cancel()
    expect(response.status).toBe(200)
    expect(response.headers.has('ratelimit')).toBe(false)
  }
})

test('a client cannot give itself another address', async () => {
  await using api = await startApi({ lead: { RATE_READ: 1 } })
  const statuses: number[] = []
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    statuses.push((await api.ask('/profiles', { headers: { 'x-forwarded-for': address } })).status)
  }
  expect(statuses).toEqual([200, 429])
})

test('behind a proxy that is believed each client has a quota', async () => {
  await using api = await startApi({ lead: { RATE_READ: 1, TRUST_PROXY_HOPS: 1 } })
  const ask = (list: string) => api.ask('/profiles', { headers: { 'x-forwarded-for': list } })
  expect((await ask('192.0.2.1')).status).toBe(200)
  expect((await ask('192.0.2.2')).status).toBe(200)
  expect((await ask('192.0.2.99, 192.0.2.1')).status).toBe(429)
})

describe('without Redis', () => {
  test('requests are served, and each process counts by itself', async () => {
    await using api = await startApi({ lead: { RATE_READ: 5, REDIS_URL: nowhere } })
    const from = performance.now()
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await api.ask('/profiles')).status),
    )
    const granted = statuses.filter((status) => status === 200).length
    expect(granted).toBeGreaterThanOrEqual(5)
    expect(granted).toBeLessThanOrEqual(mostSince(from, 5))
    expect(statuses).not.toContain(500)
  })
})

test('a key of another type in the way fails nobody', async () => {
  await using api = await startApi({ lead: { RATE_READ: 5 } })
  await api.redis.lpush(api.names.rateKey('read', 'address:127.0.0.1'), 'odd')
  const { status, headers } = await api.ask('/profiles')
  expect([status, headers.get('ratelimit')]).toEqual([200, '"read";r=4;t=12'])
})

test('the script that Redis has forgotten is given to it again', async () => {
  await using api = await startApi({ lead: { RATE_READ: 3 } })
  expect((await api.ask('/profiles')).status).toBe(200)
  await api.redis.script('FLUSH')
  expect((await api.ask('/profiles')).headers.get('ratelimit')).toMatch(/^"read";r=1;t=\d+$/)
})
