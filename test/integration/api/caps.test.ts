import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestSystem, type TestSystem } from '../../support/system.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'

const job = { source: { url: 'https://example.org/film.mp4' } }

describe('two API processes', () => {
  let system: TestSystem
  let urls: string[]
  beforeAll(async () => {
    const environment = { MAX_QUEUED_VIDEOS: '5', MAX_OPEN_UPLOADS: '4' }
    system = await createTestSystem({ workers: 0, environment })
    urls = [system.baseUrl, (await system.startApi()).baseUrl]
  })
  afterAll(() => system.dispose())

  /** So many requests at once, one here and one there, half of them in a transaction of their own. */
  async function postMany(path: string, many: number, body: object): Promise<number[]> {
    const post = async (index: number) => {
      const keyed = index % 4 < 2 ? { 'idempotency-key': randomUUID() } : {}
      const response = await fetch(`${urls[index % 2]}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...keyed },
        body: JSON.stringify(body),
      })
      await response.body?.cancel()
      return response.status
    }
    const statuses = await Promise.all(Array.from({ length: many }, (_, index) => post(index)))
    return statuses.sort()
  }

  test('of many jobs at once exactly as many are taken as may wait', async () => {
    expect(await postMany('/jobs', 4, job)).toEqual([201, 201, 201, 201])
    // One place is left.
    expect(await postMany('/jobs', 8, job)).toEqual([201, ...Array<number>(7).fill(429)])
    expect(await system.sql`select from videos where status = 'queued'`).toHaveLength(5)
  })

  test('of many uploads at once exactly as many are begun as may be open', async () => {
    const statuses = await postMany('/uploads', 12, {})
    expect(statuses).toEqual([...Array<number>(4).fill(201), ...Array<number>(8).fill(429)])
    expect(await system.sql`select from uploads`).toHaveLength(4)
  })
})

describe('a full queue', () => {
  let api: ApiUnderTest
  beforeAll(async () => {
    api = await startApi({ lead: { MAX_QUEUED_VIDEOS: 2 } })
  })
  afterAll(() => api[Symbol.asyncDispose]())

  test('refuses a job and says when to come again, tells the known answer, and takes one when another has gone', async () => {
    const headers = { 'idempotency-key': 'first' }
    const first = await api.ask('/jobs', { json: job, headers })
    await api.ask('/jobs', { json: job })
    const refused = await api.ask('/jobs', { json: job })
    expect(refused).toMatchObject({ status: 429, body: { code: 'queue_full' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)

    const again = await api.ask('/jobs', { json: job, headers })
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id } })

    await api.ask(`/videos/${first.body.id}/cancel`, { method: 'POST' })
    expect((await api.ask('/jobs', { json: job })).status).toBe(201)
    const retried = await api.ask(`/videos/${first.body.id}/retry`, { method: 'POST' })
    expect(retried).toMatchObject({ status: 429, body: { code: 'queue_full' } })
  })
})

test('a job of an upload that has room is the end of it, and so is a deletion', async () => {
  await using api = await startApi({ lead: { MAX_OPEN_UPLOADS: 1 } })
  const { body: upload } = await api.ask('/uploads', { method: 'POST' })
  expect(await api.ask('/uploads', { method: 'POST' })).toMatchObject({
    status: 429,
    body: { code: 'too_many_uploads' },
  })
  await putObject(api, upload.key, 'a film')
  expect((await api.ask('/jobs', { json: { source: { key: upload.key } } })).status).toBe(201)
  const { body: next } = await api.ask('/uploads', { method: 'POST' })
  expect((await api.ask(`/uploads/${next.id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await api.ask('/uploads', { method: 'POST' })).status).toBe(201)
})

test('a long queue is counted anew when its end comes near', async () => {
  await using api = await startApi({ lead: { MAX_QUEUED_VIDEOS: 600 } })
  expect((await api.ask('/jobs', { json: job })).status).toBe(201)
  await api.sql`
    insert into videos (id, source_kind, source_url)
    select gen_random_uuid(), 'url', 'https://example.org/film.mp4' from generate_series(1, 596)`
  const from = performance.now()
  // What was counted before is forgotten by then.
  await expect.poll(() => performance.now() - from, { timeout: 5_000 }).toBeGreaterThan(250)
  const answers = await Promise.all(Array.from({ length: 9 }, () => api.ask('/jobs', { json: job })))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
})

test('0 is no cap', async () => {
  const lead = { MAX_QUEUED_VIDEOS: 0, MAX_OPEN_UPLOADS: 0, MAX_EVENT_STREAMS: 0 }
  await using api = await startApi({ lead })
  expect((await api.ask('/jobs', { json: job })).status).toBe(201)
  expect((await api.ask('/uploads', { method: 'POST' })).status).toBe(201)
  await using events = await openEvents(`${api.url}/progress`)
  expect(events.response.status).toBe(200)
})

test('a caller has so many event streams at once, and one that ends makes room', async () => {
  await using api = await startApi({ lead: { MAX_EVENT_STREAMS: 2 } })
  await using _first = await openEvents(`${api.url}/progress`)
  const second = await openEvents(`${api.url}/progress`)
  expect(await api.ask('/progress')).toMatchObject({
    status: 429,
    body: { code: 'too_many_event_streams' },
  })
  await second[Symbol.asyncDispose]()
  const open = async () => {
    await using events = await openEvents(`${api.url}/progress`)
    return events.response.status
  }
  await expect.poll(open).toBe(200)
})
