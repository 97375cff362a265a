import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { expireSegments } from '../../../src/jobs/expire.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import {
  claim,
  commit,
  complete,
  completeAll,
  eventKinds,
  finishing,
  type JobsUnderTest,
  planned,
  readState,
  readTask,
  readTasks,
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const failure = { code: 'no_video', message: 'there is no picture' }
const retry = (videoId: string) => retryVideo(jobs.sql, videoId, { changed: false })

test('a retry keeps finished work and segments, and begins attempts and crashes anew but never a fence', async () => {
  const videoId = await planned(jobs.sql)
  await completeAll(jobs.sql, videoId, 'audio')
  const [chunk] = await readTasks(jobs.sql, videoId, 'video')
  const task = await claim(jobs.sql, chunk?.id ?? 0)
  await commit(jobs.sql, task, 0)
  await jobs.sql`update tasks set attempt = 4, crashes = 2 where id = ${task.taskId}`
  await failTask(jobs.sql, task, failure)

  expect(await retry(videoId)).toBe('retried')
  expect(await readState(jobs.sql, videoId)).toMatchObject({
    status: 'processing',
    error_code: null,
    error_message: null,
    completed_at: null,
    tasks_done: 1,
    generation: 1,
  })
  const row = await readTask(jobs.sql, task.taskId)
  expect(row).toMatchObject({ state: 'queued', attempt: 0, crashes: 0, announced_at: null, error: null })
  expect((await claim(jobs.sql, task.taskId)).fence).toBeGreaterThan(task.fence)
  expect((await readTasks(jobs.sql, videoId, 'audio')).map((audio) => audio.state)).toEqual(['done'])
  expect(await jobs.sql`select idx from segments where task_id = ${task.taskId}`).toEqual([{ idx: 0 }])
  expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'planned', 'failed', 'retried'])
})

test('a retry of a video without a plan queues it', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  await failTask(jobs.sql, await claim(jobs.sql, taskId), failure)
  expect(await retry(videoId)).toBe('retried')
  expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'queued' })
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'queued' })
})

test('only a failed or cancelled video is retried', async () => {
  const { videoId } = await submit(jobs.sql)
  expect(await retry(videoId)).toBe('not_retryable')
  expect(await retry(crypto.randomUUID())).toBe('not_found')
  await cancelVideo(jobs.sql, videoId)
  expect(await Promise.all([retry(videoId), retry(videoId)])).toEqual(
    expect.arrayContaining(['retried', 'not_retryable']),
  )
})

test('a video that failed at its finish gets a new finish and nothing else to do', async () => {
  const finish = await finishing(jobs.sql)
  await failTask(jobs.sql, finish, failure)
  await retry(finish.videoId)
  const open = (await readTasks(jobs.sql, finish.videoId)).filter((task) => task.state !== 'done')
  expect(open).toMatchObject([{ kind: 'finish', state: 'queued', attempt: 0 }])
  expect(open[0]?.id).toBeGreaterThan(finish.taskId)
})

test('a video that failed at one MP4 makes that one again, and then its finish', async () => {
  const videoId = await planned(jobs.sql)
  for (const kind of ['video', 'audio'] as const) await completeAll(jobs.sql, videoId, kind)
  const [first, second] = await readTasks(jobs.sql, videoId, 'mp4')
  await complete(jobs.sql, await claim(jobs.sql, first?.id ?? 0))
  await failTask(jobs.sql, await claim(jobs.sql, second?.id ?? 0), failure)

  await retry(videoId)
  expect(await readTasks(jobs.sql, videoId, 'mp4')).toMatchObject([
    { id: first?.id, state: 'done' },
    { state: 'queued', input: { rung: '300p' } },
  ])
  expect(await readTasks(jobs.sql, videoId, 'finish')).toEqual([])
  await completeAll(jobs.sql, videoId, 'mp4')
  expect(await readTasks(jobs.sql, videoId, 'finish')).toHaveLength(1)
})

test('a video that failed while it was measured keeps the figures that are there', async () => {
  const videoId = await planned(jobs.sql, { chunks: 2, rungs: 1, audio: 0, quality: true })
  for (const kind of ['video', 'mp4'] as const) await completeAll(jobs.sql, videoId, kind)
  const [first, second] = await readTasks(jobs.sql, videoId, 'quality')
  await complete(jobs.sql, await claim(jobs.sql, first?.id ?? 0))
  await failTask(jobs.sql, await claim(jobs.sql, second?.id ?? 0), failure)

  await retry(videoId)
  expect(await readState(jobs.sql, videoId)).toMatchObject({ tasks_done: 4, tasks_total: 5 })
  const again = await readTasks(jobs.sql, videoId, 'quality')
  expect(again).toMatchObject([
    { id: first?.id, state: 'done' },
    { position: 1, state: 'queued' },
  ])
  await completeAll(jobs.sql, videoId, 'quality')
  expect(await readTasks(jobs.sql, videoId, 'finish')).toHaveLength(1)
})

test('a video that is measured again makes its figures after its tracks', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1, rungs: 1, audio: 1, quality: true })
  for (const kind of ['video', 'audio'] as const) await completeAll(jobs.sql, videoId, kind)
  const [measuring] = await readTasks(jobs.sql, videoId, 'quality')
  await failTask(jobs.sql, await claim(jobs.sql, measuring?.id ?? 0), failure, { discard: true })
  await retry(videoId)
  expect(await readTasks(jobs.sql, videoId, 'quality')).toEqual([])
  for (const kind of ['video', 'audio'] as const) await completeAll(jobs.sql, videoId, kind)
  expect(await readTasks(jobs.sql, videoId, 'quality')).toMatchObject([{ state: 'queued' }])
})

test('once its pieces have expired a retry makes all of them again, the MP4s not before the tracks', async () => {
  const finish = await finishing(jobs.sql)
  await failTask(jobs.sql, finish, failure)
  await expireSegments(jobs.sql, -1_000)
  await retry(finish.videoId)
  const tasks = await readTasks(jobs.sql, finish.videoId)
  expect(tasks.filter((task) => task.state === 'queued').map((task) => task.kind)).toEqual([
    'video',
    'audio',
    'video',
  ])
  expect(await readTasks(jobs.sql, finish.videoId, 'mp4')).toEqual([])
  for (const kind of ['video', 'audio', 'mp4'] as const) await completeAll(jobs.sql, finish.videoId, kind)
  expect(await readState(jobs.sql, finish.videoId)).toMatchObject({ tasks_done: 5, tasks_total: 5 })
  expect(await readTasks(jobs.sql, finish.videoId, 'finish')).toHaveLength(1)
})

test('a failure that is the fault of the source leaves no work behind to be kept', async () => {
  const videoId = await planned(jobs.sql, { chunks: 2, audio: 0 })
  const [first, second] = await readTasks(jobs.sql, videoId, 'video')
  await complete(jobs.sql, await claim(jobs.sql, first?.id ?? 0))
  const task = await claim(jobs.sql, second?.id ?? 0)
  await commit(jobs.sql, task, 0)
  await failTask(jobs.sql, task, failure, { discard: true })
  expect(await jobs.sql`select from segments`).toHaveLength(0)
  expect((await readState(jobs.sql, videoId)).tasks_done).toBe(0)
  await retry(videoId)
  expect((await readTasks(jobs.sql, videoId, 'video')).map((row) => row.state)).toEqual(['queued', 'queued'])
})

test('a source that is another one now is pinned anew and everything starts over', async () => {
  const videoId = await planned(jobs.sql)
  await completeAll(jobs.sql, videoId, 'audio')
  await cancelVideo(jobs.sql, videoId)
  const before = await readTasks(jobs.sql, videoId)
  expect(await retryVideo(jobs.sql, videoId, { changed: true, etag: 'etag-2', bytes: 11 })).toBe('retried')
  expect(await readState(jobs.sql, videoId)).toMatchObject({
    status: 'queued',
    source_etag: 'etag-2',
    generation: 2,
    tasks_total: 0,
    tasks_done: 0,
  })
  const tasks = await readTasks(jobs.sql, videoId)
  expect(tasks).toMatchObject([{ kind: 'plan', state: 'queued', input: {} }])
  expect(before.map((task) => task.id)).not.toContain(tasks[0]?.id)
  expect(await jobs.sql`select from segments`).toHaveLength(0)
  expect(await claim(jobs.sql, tasks[0]?.id ?? 0)).toMatchObject({ sourceEtag: 'etag-2', sourceBytes: 11 })
})
