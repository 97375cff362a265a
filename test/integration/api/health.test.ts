import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

test('when all is there readyz says so, and that no worker runs', async () => {
  const { status, body } = await api.ask('/readyz')
  expect([status, body.status]).toEqual([200, 'ready'])
  expect(body.checks.database).toEqual({
    status: 'ok',
    message: expect.stringMatching(/^The database answers/),
  })
  expect(body.checks.storage.message).toBe(`The bucket ${api.config.S3_BUCKET} exists.`)
  expect(body.checks.redis.status).not.toBe('failed')
  expect(body.checks.workers).toEqual({
    status: 'warning',
    message: 'No worker is running: videos wait until one is started.',
  })
})

test('live workers are told with their builds of ffmpeg', async () => {
  await api.sql`insert into workers (id, consumer, host, version, build, slots) values
    ('a', 'a', 'h', '1', 'build-a', 4), ('b', 'b', 'h', '1', 'build-a', 2)`
  await api.sql`insert into workers (id, consumer, host, version, build, slots, seen_at) values
    ('c', 'c', 'h', '1', 'build-c', 8, now() - interval '1 minute')`
  const one = (await api.ask('/readyz')).body.checks.workers
  expect(one).toEqual({ status: 'ok', message: 'Workers: 2 with 6 slots (ffmpeg build-a).' })
  await api.sql`update workers set build = 'build-b' where id = 'b'`
  expect((await api.ask('/readyz')).body.checks.workers.status).toBe('warning')
  await api.sql`delete from workers`
})

test('the version of ffmpeg with the gravest fault is told, of workers that are there', async () => {
  const ffmpeg = async () => (await api.ask('/readyz')).body.checks.ffmpeg
  expect(await ffmpeg()).toEqual({
    status: 'ok',
    message: 'There is no worker whose ffmpeg could be judged.',
  })
  await api.sql`insert into workers (id, consumer, host, version, build, slots) values
    ('a', 'a', 'h', '5.1.10', 'a', 4), ('b', 'b', 'h', '5.1.9-0+deb12u1', 'b', 2)`
  await api.sql`insert into workers (id, consumer, host, version, build, slots, seen_at) values
    ('c', 'c', 'h', '4.4', 'c', 8, now() - interval '1 minute')`
  expect(await ffmpeg()).toEqual({
    status: 'warning',
    message: expect.stringMatching(/5\.1\.9.*CVE-2026-8461.*: install 5\.1\.10 or newer/),
  })
  await api.sql`delete from workers`
})

test('workers that miss something are told with what and since when', async () => {
  await api.sql`insert into workers (id, consumer, host, version, build, slots, paused_for, paused_since) values
    ('a', 'a', 'h', '1', 'build-a', 4, '{redis,storage}', '2026-11-21T11:00:00Z'),
    ('b', 'b', 'h', '1', 'build-a', 2, '{}', null)`
  const { status, body } = await api.ask('/readyz')
  expect(status).toBe(200)
  expect(body.checks.workers).toEqual({
    status: 'warning',
    message:
      'Workers: 2 with 6 slots (ffmpeg build-a). 1 begins nothing for want of redis, since 2026-11-21T11:00:00.000Z. ' +
      '1 begins nothing for want of storage, since 2026-11-21T11:00:00.000Z.',
  })
  await api.sql`delete from workers`
})

test('a missing migration and a missing bucket are named with what to run', async () => {
  await using bare = await startApi()
  await bare.sql`delete from schema_migrations`
  await bare.storage.client.removeBucket(bare.storage.bucket)
  const { status, body } = await bare.ask('/readyz')
  expect(status).toBe(503)
  expect(body.checks.database.message).toMatch(/lacks \d+ of \d+ migrations: run `npm run migrate`/)
  expect(body.checks.storage.message).toMatch(/does not exist: run `npm run migrate`/)
})

test('the page comes with a policy that lets it load from itself and the store alone', async () => {
  const page = await api.request('/')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain(`connect-src 'self' ${new URL(api.config.S3_ENDPOINT).origin}`)
  expect(policy).not.toContain('unsafe')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  for (const [, file] of (await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    expect([file, (await api.request(file ?? '')).status]).toEqual([file, 200])
  }
})

test.each([
  '/..%2f..%2fpackage.json',
  '/web/index.html',
  '/vendor/..%2fpackage.json',
  '/vendor/hls.js.map',
  '/.git',
])('no file outside of the page is served: %s', async (path) => {
  expect((await api.ask(path)).body.code).toBe('route_not_found')
})
