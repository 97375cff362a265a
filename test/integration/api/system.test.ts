import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { errorCodes } from '../../../src/error-codes.ts'
import { createProgress } from '../../../src/progress/report.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { insertTask, insertVideo } from './rows.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(() => api.sql`truncate videos, workers cascade`)

const overview = async () => (await api.ask('/system')).body

test('an idle system has no workers, empty queues and twelve empty stretches of five minutes', async () => {
  const { at, workers, silent_workers, courier, queue, failures, throughput, speed } = await overview()
  expect([workers, silent_workers, failures]).toEqual([[], [], []])
  expect(courier).toEqual({ waiting: 0, oldest_waiting_at: null, fetching: [] })
  expect(speed).toBe(0)
  expect(Date.parse(at)).not.toBeNaN()
  expect(
    queue.map((row: { priority: string; tasks_waiting: number }) => [row.priority, row.tasks_waiting]),
  ).toEqual([
    ['high', 0],
    ['normal', 0],
    ['low', 0],
  ])
  expect(throughput).toHaveLength(12)
  expect(throughput.every((row: { completed: number }) => row.completed === 0)).toBe(true)
})

test('a worker is shown with the tasks it has in hand, and apart from it one that fell silent', async () => {
  const id = await insertVideo(api.sql, { status: 'processing', title: 'A film' })
  const task = await insertTask(api.sql, { videoId: id, kind: 'video', position: 3, state: 'running' })
  await api.sql`update tasks set worker_id = 'w1', fence = 2, attempt = 1 where id = ${task}`
  await api.sql`insert into task_runs (task_id, fence, worker_id) values (${task}, 1, 'gone'), (${task}, 2, 'w1')`
  await insertWorker('w1', '0 s')
  await insertWorker('w2', '1 min')
  await insertWorker('w3', '2 hours')
  const { workers, silent_workers } = await overview()
  expect(workers).toHaveLength(1)
  expect(workers[0]).toMatchObject({ id: 'w1', slots: 4, draining: false, paused_for: [] })
  expect(workers[0].tasks).toEqual([
    { video_id: id, title: 'A film', kind: 'video', position: 3, attempt: 1, started_at: expect.any(String) },
  ])
  expect(silent_workers).toMatchObject([{ id: 'w2', seen_at: expect.any(String), tasks: [] }])
})

test('the speed is that of the videos in the hands of those who are heard of, and null without Redis', async () => {
  for (const owner of ['w1', 'w2', 'w1']) await handOut(api, owner, 2.5)
  await insertWorker('w1', '0 s')
  await insertWorker('w2', '1 min')
  expect((await overview()).speed).toBe(5)
  await using deaf = await startApi({ lead: { REDIS_URL: 'redis://127.0.0.1:1' } })
  await handOut(deaf, 'w1', 2.5)
  await deaf.sql`insert into workers (id, consumer, host, version, build, slots) values ('w1', 'a', 'h', '1', 'b', 4)`
  expect((await deaf.ask('/system')).body.speed).toBeNull()
})

test('sources that wait for a courier are counted, and those in hand are told', async () => {
  for (const state of ['queued', 'queued', 'running']) {
    const id = await insertVideo(api.sql, { title: state })
    const task = await insertTask(api.sql, { videoId: id, kind: 'fetch', state })
    await api.sql`insert into task_runs (task_id, fence, worker_id) values (${task}, 0, 'c1')`
  }
  expect((await overview()).courier).toEqual({
    waiting: 2,
    oldest_waiting_at: expect.any(String),
    fetching: [{ video_id: expect.any(String), title: 'running', started_at: expect.any(String) }],
  })
})

test('what waits and what runs is counted by priority', async () => {
  const urgent = await insertVideo(api.sql, { priority: 'high' })
  await insertTask(api.sql, { videoId: urgent, kind: 'plan' })
  const slow = await insertVideo(api.sql, { priority: 'low', status: 'processing' })
  await insertTask(api.sql, { videoId: slow, kind: 'video', state: 'running' })
  await insertTask(api.sql, { videoId: slow, kind: 'audio' })
  const { queue } = await overview()
  expect(queue).toMatchObject([
    {
      priority: 'high',
      videos_queued: 1,
      tasks_waiting: 1,
      tasks_running: 0,
      oldest_queued_at: expect.any(String),
    },
    { priority: 'normal', videos_queued: 0, tasks_waiting: 0, tasks_running: 0, oldest_queued_at: null },
    { priority: 'low', videos_queued: 0, tasks_waiting: 1, tasks_running: 1, oldest_queued_at: null },
  ])
})

test('failures of the last day are counted by code, and ends of the last hour by time', async () => {
  const end = async (status: string, ago: string, code?: string) => {
    const id = await insertVideo(api.sql, { status, ...(code && { error: [code, 'a sentence'] }) })
    await api.sql`update videos set completed_at = now() - ${ago}::text::interval, media = '{"duration_s": 12.5}' where id = ${id}`
  }
  await end('failed', '1 hour', 'no_video')
  await end('failed', '2 hours', 'no_video')
  await end('failed', '1 min', 'corrupt_input')
  await end('failed', '3 hours', 'from_elsewhere')
  await end('failed', '2 days', 'too_long')
  await end('completed', '0 s')
  await end('completed', '30 min')
  await end('completed', '2 hours')
  const { failures, throughput } = await overview()
  expect(
    failures.map((row: { code: string; videos: number; about: string }) => [row.code, row.videos, row.about]),
  ).toEqual([
    ['no_video', 2, errorCodes.no_video.about],
    ['corrupt_input', 1, errorCodes.corrupt_input.about],
    ['from_elsewhere', 1, null],
  ])
  const sum = (field: string) =>
    throughput.reduce((all: number, row: Record<string, number>) => all + (row[field] ?? 0), 0)
  expect([sum('completed'), sum('failed'), sum('source_s')]).toEqual([2, 1, 25])
  expect(throughput.at(-1).completed).toBe(1)
})

async function insertWorker(id: string, silentFor: string): Promise<void> {
  await api.sql`insert into workers (id, consumer, host, version, build, slots, seen_at)
                values (${id}, ${id}, 'h', '1', 'b', 4, now() - ${silentFor}::text::interval)`
}

/** A video whose only task a worker has in hand, and whose progress tells that speed. */
async function handOut({ sql, redis, names }: ApiUnderTest, owner: string, speed: number): Promise<void> {
  const id = await insertVideo(sql, { status: 'processing' })
  const task = await insertTask(sql, { videoId: id, kind: 'video', state: 'running' })
  await sql`update tasks set worker_id = ${owner} where id = ${task}`
  await sql`insert into task_runs (task_id, fence, worker_id) values (${task}, 0, ${owner})`
  await createProgress(redis, names).stage(id, 'processing', 'encoding')
  const kept = JSON.parse((await redis.hget(names.progressKey(id), 'json')) ?? '{}')
  await redis.hset(names.progressKey(id), 'json', JSON.stringify({ ...kept, speed }))
}
