import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { createProgress } from '../../../src/progress/report.ts'
import { startTcpProxy } from '../../chaos/support/proxy.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { insertVideo } from './rows.ts'

const nowhere = '127.0.0.1:1'
const url = 'https://example.org/film.mp4'

/** A neighbour that can go away and come back: a TCP relay in front of it. */
async function relayTo(port: number): Promise<{ port: number; cut(): void; restore(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const neighbour = createConnection(port, '127.0.0.1')
    for (const socket of [client, neighbour]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(neighbour).pipe(client)
  })
  const listenOn = async (own: number) => {
    server.listen(own, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  const own = await listenOn(0)
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: own, cut, restore: async () => void (await listenOn(own)) }
}

async function readiness(
  api: ApiUnderTest,
): Promise<{ status: number; failed: string[]; messages: string[] }> {
  const { status, body } = await api.ask('/readyz')
  const checks = Object.entries<{ status: string; message: string }>(body.checks)
  const failed = checks.filter(([, check]) => check.status === 'failed')
  return { status, failed: failed.map(([name]) => name), messages: failed.map(([, check]) => check.message) }
}

test('without Redis jobs are taken, shown, watched from the database and cancelled', async () => {
  await using api = await startApi({
    lead: { REDIS_URL: `redis://${nowhere}` },
    pollMs: 100,
    resyncMs: 60_000,
  })
  const key = await putObject(api, 'source/film', 'a film')
  expect((await api.ask('/jobs', { json: { source: { key } } })).status).toBe(201)
  const { status, body } = await api.ask('/jobs', { json: { source: { url } } })
  expect(status).toBe(201)
  await using events = await openEvents(`${api.url}/progress/${body.id}`)
  expect((await events.next()).data).toMatchObject({ status: 'queued', queue_position: 2 })
  await api.sql`update videos set status = 'processing', tasks_total = 4, tasks_done = 1 where id = ${body.id}`
  expect((await events.next()).data).toMatchObject({ status: 'processing', percent: 24.7 })
  expect((await api.ask(`/videos/${body.id}/cancel`, { method: 'POST' })).status).toBe(200)
  expect((await events.rest()).at(-1)?.event).toBe('cancelled')
  expect(await readiness(api)).toMatchObject({ status: 503, failed: ['redis'] })
})

test('a watcher whose Redis goes away goes on with the database, and with Redis when it is back', async () => {
  const relay = await relayTo(Number(new URL(inject('services').REDIS_URL ?? '').port))
  const lead = { REDIS_URL: `redis://127.0.0.1:${relay.port}` }
  await using api = await startApi({ lead, pollMs: 100, resyncMs: 60_000 })
  const id = await insertVideo(api.sql, { status: 'queued' })
  await using events = await openEvents(`${api.url}/progress/${id}`)
  await events.next()
  // Past the first look, the next of which is a minute away.
  await sleep(300)
  relay.cut()
  await api.sql`update videos set status = 'processing' where id = ${id}`
  expect((await events.next()).data.status).toBe('processing')
  // Published where the API cannot hear it.
  await createProgress(api.redis, api.names).stage(id, 'processing', 'packaging')
  await relay.restore()
  expect((await events.next()).data.stage).toBe('packaging')
  relay.cut()
  await api.sql`update videos set status = 'failed', error_code = 'x', error_message = 'y' where id = ${id}`
  expect((await events.rest()).at(-1)).toMatchObject({
    event: 'failed',
    data: { error: { code: 'x', message: 'y' } },
  })
})

test('without the database what needs it is refused with 503 and the process stays alive', async () => {
  await using api = await startApi({ lead: { DATABASE_URL: `postgres://u:p@${nowhere}/x` } })
  for (const [path, init] of [
    ['/jobs', { json: { source: { url } } }],
    ['/videos', {}],
    ['/uploads', { method: 'POST' }],
    ['/progress', {}],
    ['/progress/01a1fd8b-7757-71bc-923e-4f62b2894ab8', {}],
  ] as const) {
    const { status, headers, body } = await api.ask(path, init)
    expect([path, status, body.code, headers.get('retry-after')]).toEqual([
      path,
      503,
      'database_unavailable',
      '5',
    ])
    expect(body.detail).toBe('The database did not answer; try again soon.')
  }
  expect((await api.ask('/healthz')).body).toEqual({ status: 'ok' })
  expect(await readiness(api)).toMatchObject({ status: 503, failed: ['database', 'workers', 'ffmpeg'] })
})

test('without the store a job from an object is refused with 503, one from a URL is taken', async () => {
  await using api = await startApi({ lead: { S3_ENDPOINT: `http://${nowhere}` } })
  const { status, headers, body } = await api.ask('/jobs', { json: { source: { key: 'source/a' } } })
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'storage_unavailable', '5'])
  expect(body.detail).toBe('The object store did not answer; try again soon.')
  expect((await api.ask('/jobs', { json: { source: { url } } })).status).toBe(201)
  expect(await readiness(api)).toMatchObject({ status: 503, failed: ['storage'] })
})

test('a database that falls silent is refused with 503 in time, then at once, and jobs are taken when it is back', async () => {
  await using proxy = await startTcpProxy(inject('services').DATABASE_URL ?? '')
  await using api = await startApi({ leadDatabase: (address) => proxy.through(address) })
  expect((await api.ask('/jobs', { json: { source: { url } } })).status).toBe(201)
  proxy.swallow('both')
  const refuse = async () => {
    const from = performance.now()
    const { status, headers, body } = await api.ask('/jobs', { json: { source: { url } } })
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '5'])
    return performance.now() - from
  }
  expect(await refuse()).toBeLessThan(9_000)
  await expect.poll(refuse).toBeLessThan(200)
  expect(await readiness(api)).toMatchObject({ status: 503, failed: ['database', 'workers', 'ffmpeg'] })
  await proxy.heal()
  const submit = async () => (await api.ask('/jobs', { json: { source: { url } } })).status
  await expect.poll(submit, { interval: 200 }).toBe(201)
  // Of the refused ones none was kept for later.
  expect(await api.sql`select count(*) from videos`).toEqual([{ count: 2 }])
})

test('with a Redis that falls silent jobs are taken within seconds, and soon at once', async () => {
  await using proxy = await startTcpProxy(inject('services').REDIS_URL ?? '')
  await using api = await startApi({ lead: { REDIS_URL: proxy.through(inject('services').REDIS_URL ?? '') } })
  const key = await putObject(api, 'source/film', 'a film')
  proxy.swallow('both')
  const submit = async () => {
    const from = performance.now()
    expect((await api.ask('/jobs', { json: { source: { key } } })).status).toBe(201)
    return performance.now() - from
  }
  expect(await submit()).toBeLessThan(6_000)
  await expect.poll(submit).toBeLessThan(200)
})

test('a store that falls silent is refused with 503 in time', async () => {
  const endpoint = inject('services').S3_ENDPOINT ?? ''
  await using proxy = await startTcpProxy(endpoint)
  await using api = await startApi({ lead: { S3_ENDPOINT: `http://127.0.0.1:${proxy.port}` } })
  proxy.swallow('both')
  const { status, headers, body } = await api.ask('/jobs', { json: { source: { key: 'source/a' } } })
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'storage_unavailable', '5'])
})

test('a request that fails for a reason nobody foresaw tells nothing but 500', async () => {
  await using api = await startApi()
  await api.sql`alter table videos rename column priority to renamed`
  const { status, body } = await api.ask('/videos')
  expect([status, body.code]).toEqual([500, 'internal_error'])
  expect(JSON.stringify(body)).not.toMatch(/priority|column/)
})
