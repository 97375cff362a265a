import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { VideoStatus } from '../../../src/jobs/state.ts'
import { createProgress, type Progress } from '../../../src/progress/report.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { insertVideo } from './rows.ts'

let api: ApiUnderTest
let worker: Progress
beforeAll(async () => {
  api = await startApi({ pollMs: 100, resyncMs: 500 })
  worker = createProgress(api.redis, api.names)
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  await api.sql`delete from videos`
})

async function processingVideo(): Promise<string> {
  const id = await insertVideo(api.sql, { status: 'processing' })
  const rungs = [{ name: '360p', segments: 0, bytes: 0 }]
  const counts = { chunks_total: 2, chunks_done: 0, pack_total: 0, pack_done: 0 }
  const measure = { total: 100, units_per_s: 30, frames_shown: true }
  const tasks = [{ id: 1, fence: 1, units: 0, state: 'idle' as const }]
  const state = { generation: 1, status: 'processing', stage: 'encoding' } as const
  await worker.seed(id, { ...state, ...measure, ...counts, rungs, tasks })
  return id
}

const encode = (id: string, units: number) => worker.task(id, { task: 1, fence: 1, units, state: 'running' })

async function setStatus(id: string, status: VideoStatus): Promise<void> {
  await api.sql`update videos set status = ${status}, updated_at = now(), completed_at = now() where id = ${id}`
}

const follow = (id: string, headers = {}) => openEvents(`${api.url}/progress/${id}`, headers)

test('a watcher gets the state at once, each change, and the end as an event that closes the stream', async () => {
  const id = await processingVideo()
  await using events = await follow(id)
  expect(Object.fromEntries(events.response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  const first = await events.next()
  expect(first).toMatchObject({ event: 'progress', data: { video_id: id, status: 'processing', percent: 0 } })
  expect(first.id).toBe(String(first.data.seq))
  await encode(id, 50)
  const second = await events.next()
  expect(second.data).toMatchObject({ frames: 50, total_frames: 100, percent: 47.5 })
  expect(Number(second.id)).toBeGreaterThan(Number(first.id))
  await setStatus(id, 'completed')
  await worker.ended(id, { status: 'completed' })
  const end = await events.rest()
  expect(end).toHaveLength(1)
  expect(end[0]).toMatchObject({
    event: 'completed',
    data: { status: 'completed', percent: 100, stage: 'done' },
  })
})

test('who comes late or again gets the latest state first', async () => {
  const id = await processingVideo()
  await encode(id, 70)
  await using late = await follow(id)
  const first = await late.next()
  expect(first.data.frames).toBe(70)
  await encode(id, 80)
  await using again = await follow(id, { 'last-event-id': String(first.id) })
  expect((await again.next()).data.frames).toBe(80)
})

test.each(['completed', 'failed', 'cancelled'] as const)(
  'who comes after a video was %s gets that as its only event, also when Redis forgot it',
  async (status) => {
    const id = await insertVideo(api.sql, {
      status,
      ...(status === 'failed' ? { error: ['no_video', 'Nothing.'] } : {}),
    })
    await using events = await follow(id)
    const all = await events.rest()
    expect(all.map(({ event }) => event)).toEqual([status])
    expect(all[0]?.data).toMatchObject({
      video_id: id,
      status,
      stage: 'done',
      percent: status === 'completed' ? 100 : 0,
    })
    expect(all[0]?.data.error).toEqual(
      status === 'failed' ? { code: 'no_video', message: 'Nothing.' } : undefined,
    )
  },
)

test('the row wins over a snapshot that says otherwise', async () => {
  const id = await processingVideo()
  await encode(id, 60)
  await setStatus(id, 'cancelled')
  await using events = await follow(id)
  expect(await events.rest()).toMatchObject([
    { event: 'cancelled', data: { percent: 57, frames: 60, eta_s: null } },
  ])

  const retried = await processingVideo()
  await worker.ended(retried, { status: 'failed', error: { code: 'x', message: 'y' } })
  await using again = await follow(retried)
  const { event, data } = await again.next()
  expect([event, data.status, data.error]).toEqual(['progress', 'processing', undefined])
})

test('a message that says the video is over counts only when the row says so too', async () => {
  const id = await processingVideo()
  await using events = await follow(id)
  await events.next()
  await worker.ended(id, { status: 'completed' })
  await setStatus(id, 'failed')
  const all = await events.rest()
  expect(all.at(-1)?.event).toBe('failed')
  expect(all.map(({ event }) => event)).not.toContain('completed')
})

test('the end arrives when every message about it was lost', async () => {
  const id = await processingVideo()
  await using events = await follow(id)
  await events.next()
  await setStatus(id, 'completed')
  expect((await events.rest()).at(-1)).toMatchObject({ event: 'completed', data: { percent: 100 } })
})

test('late and doubled messages are left out', async () => {
  const id = await processingVideo()
  await using events = await follow(id)
  const first = await events.next()
  const channel = api.names.progressChannel(id)
  const old = { ...first.data, seq: Number(first.data.seq) - 1, frames: 1 }
  await api.redis.publish(channel, JSON.stringify(old))
  await api.redis.publish(channel, JSON.stringify({ ...first.data }))
  await api.redis.publish(channel, 'not a snapshot')
  await encode(id, 30)
  expect((await events.next()).data.frames).toBe(30)
})

test('a queued video tells its place, and again when that changes', async () => {
  const before = await insertVideo(api.sql)
  const id = await insertVideo(api.sql)
  await using events = await follow(id)
  expect((await events.next()).data).toMatchObject({ status: 'queued', queue_position: 2 })
  await setStatus(before, 'cancelled')
  expect((await events.next()).data.queue_position).toBe(1)
})

test('an unknown video is a 404 problem and no stream', async () => {
  const { status, headers, body } = await api.ask('/progress/01a1fd8b-7757-71bc-923e-4f62b2894ab8')
  expect([status, body.code]).toEqual([404, 'video_not_found'])
  expect(headers.get('content-type')).toBe('application/problem+json')
})

test('watchers learn of a cancellation, a retry and a deletion by message, without a look at the database', async () => {
  await using quiet = await startApi({ pollMs: 60_000 })
  const id = await insertVideo(quiet.sql, { status: 'processing' })
  await using all = await openEvents(`${quiet.url}/progress`)
  await all.next()
  await using cancelled = await openEvents(`${quiet.url}/progress/${id}`)
  await cancelled.next()
  await quiet.ask(`/videos/${id}/cancel`, { method: 'POST' })
  expect((await cancelled.rest()).map(({ event }) => event)).toEqual(['cancelled'])
  expect((await all.next()).data.status).toBe('cancelled')
  await quiet.ask(`/videos/${id}/retry`, { method: 'POST' })
  expect((await all.next()).data).toMatchObject({ status: 'queued', queue_position: 1 })
  await using deleted = await openEvents(`${quiet.url}/progress/${id}`)
  await deleted.next()
  await quiet.ask(`/videos/${id}`, { method: 'DELETE' })
  const event = { event: 'deleted', id: null, data: { video_id: id } }
  expect(await deleted.rest()).toEqual([event])
  expect(await all.next()).toEqual(event)
})

test('the stream of all tells of the deletion of a video that was over before anybody watched', async () => {
  await using quiet = await startApi({ pollMs: 60_000 })
  const id = await insertVideo(quiet.sql, { status: 'completed' })
  await using all = await openEvents(`${quiet.url}/progress`)
  await quiet.ask(`/videos/${id}`, { method: 'DELETE' })
  expect(await all.next()).toEqual({ event: 'deleted', id: null, data: { video_id: id } })
})

test('who stays goes on hearing when another watcher leaves, however its address spells the id', async () => {
  await using quiet = await startApi({ pollMs: 60_000 })
  const id = await insertVideo(quiet.sql)
  await using stays = await openEvents(`${quiet.url}/progress/${id.toUpperCase()}`)
  const leaves = await openEvents(`${quiet.url}/progress/${id}`)
  const [first] = await Promise.all([stays.next(), leaves.next()])
  await leaves[Symbol.asyncDispose]()
  // Until the server has noticed.
  await sleep(200)
  const fetched = { bytes: 5, total_bytes: null }
  await createProgress(quiet.redis, quiet.names).stage(id, 'queued', 'fetching', fetched)
  const second = await stays.next()
  expect(second.data).toMatchObject({ video_id: id, stage: 'fetching', fetched })
  expect(Number(second.id)).toBeGreaterThan(Number(first?.id))
})

test('the stream of all begins with what is active, goes on past the end of one, and tells of new ones', async () => {
  const done = await insertVideo(api.sql, { status: 'completed' })
  const running = await processingVideo()
  const waiting = await insertVideo(api.sql)
  await using events = await openEvents(`${api.url}/progress`)
  const first = [await events.next(), await events.next()].map(({ data }) => data.video_id)
  expect(first.sort()).toEqual([running, waiting].sort())
  expect(first).not.toContain(done)
  await setStatus(running, 'completed')
  await worker.ended(running, { status: 'completed' })
  expect(await events.next()).toMatchObject({
    event: 'progress',
    data: { video_id: running, status: 'completed' },
  })
  const newcomer = await processingVideo()
  expect((await events.next()).data).toMatchObject({ video_id: newcomer })
})

test('a hundred watchers of one video share one subscription, which goes with the last of them', async () => {
  const id = await processingVideo()
  const channel = api.names.progressChannel(id)
  const subscribers = async () => Number((await api.redis.pubsub('NUMSUB', channel))[1])
  const all = await Promise.all(Array.from({ length: 100 }, () => follow(id)))
  await Promise.all(all.map((events) => events.next()))
  expect(await subscribers()).toBe(1)
  await encode(id, 40)
  const seen = await Promise.all(all.map((events) => events.next()))
  expect(new Set(seen.map(({ data }) => data.frames))).toEqual(new Set([40]))
  await Promise.all(all.map((events) => events[Symbol.asyncDispose]()))
  await vi.waitFor(async () => expect(await subscribers()).toBe(0), { timeout: 5_000 })
})

test('for a reader that takes nothing only the latest state is kept, and given once it reads again', async () => {
  const id = await processingVideo()
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  socket.write(`GET /progress/${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await once(socket, 'data')
  socket.pause()
  await using brisk = await follow(id)
  const { data } = await brisk.next()
  const resolutions = Array.from({ length: 2_000 }, (_, n) => ({ name: `${n}p`, segments: 1, bytes: 1 }))
  // 80 kB each: 48 MB, of which sockets buffer some 10.
  const rounds = 600
  for (let n = 1; n <= rounds; n++) {
    const message = JSON.stringify({ ...data, seq: Number(data.seq) + n, frames: n, resolutions })
    await api.redis.publish(api.names.progressChannel(id), message)
    expect((await brisk.next()).data.frames).toBe(n)
  }
  let events = 0
  let tail = ''
  socket.on('data', (part) => {
    const text = tail + part.toString('latin1')
    events += text.split('event: progress').length - tail.split('event: progress').length
    tail = text.slice(-200_000)
  })
  socket.resume()
  await vi.waitFor(() => expect(tail).toContain(`"frames":${rounds},`), { timeout: 5_000 })
  socket.destroy()
  expect(events).toBeLessThan(rounds / 2)
})
