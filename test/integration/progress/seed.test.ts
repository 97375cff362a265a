import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { json } from '../../../src/db.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { createProgress } from '../../../src/progress/report.ts'
import { readProgressSeed } from '../../../src/progress/seed.ts'
import { progressSnapshotSchema } from '../../../src/progress/snapshot.ts'
import {
  aPlan,
  claim,
  commit,
  complete,
  completeAll,
  type JobsUnderTest,
  planned,
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

test('a seed tells the totals of the plan and what is committed of each chunk', async () => {
  const videoId = await planned(jobs.sql, { chunks: 2, rungs: 2, audio: 1 })
  const [first, second] = await readTasks(jobs.sql, videoId, 'video')
  const task = await claim(jobs.sql, first?.id ?? 0)
  await commit(jobs.sql, task, 0)
  await commit(jobs.sql, task, 1)
  expect(await readProgressSeed(jobs.sql, videoId)).toEqual({
    generation: 1,
    status: 'processing',
    stage: 'encoding',
    total: 600,
    units_per_s: 30,
    frames_shown: true,
    chunks_total: 2,
    chunks_done: 0,
    pack_total: 2,
    pack_done: 0,
    rungs: [
      { name: '360p', segments: 2, bytes: 2_000 },
      { name: '300p', segments: 2, bytes: 0 },
    ],
    tasks: [
      { id: first?.id, fence: 1, units: 240, state: 'idle' },
      { id: second?.id, fence: 0, units: 0, state: 'idle' },
    ],
  })
})

test('a seed while the MP4s are made counts them, and each one that is done as done', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1, rungs: 1, audio: 0 })
  await completeAll(jobs.sql, videoId, 'video')
  await completeAll(jobs.sql, videoId, 'mp4')
  expect(await readProgressSeed(jobs.sql, videoId)).toMatchObject({
    stage: 'packaging',
    chunks_done: 1,
    pack_done: 1,
    tasks: [
      { units: 120, state: 'done' },
      { units: 0, state: 'done' },
    ],
  })
})

test('a seed of a film that is measured counts its chunks with the MP4s', async () => {
  const videoId = await planned(jobs.sql, { chunks: 3, rungs: 2, audio: 0, quality: true })
  await completeAll(jobs.sql, videoId, 'video')
  await completeAll(jobs.sql, videoId, 'mp4')
  const [first] = await readTasks(jobs.sql, videoId, 'quality')
  await complete(jobs.sql, await claim(jobs.sql, first?.id ?? 0))
  expect(await readProgressSeed(jobs.sql, videoId)).toMatchObject({
    stage: 'packaging',
    chunks_total: 3,
    chunks_done: 3,
    pack_total: 5,
    pack_done: 3,
  })
})

test('a file without pictures is measured by its sound', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const plan = { ...aPlan({ audio: 1 }), video: null }
  await jobs.sql`update videos set plan = ${json(jobs.sql, plan)}, status = 'processing' where id = ${videoId}`
  await jobs.sql`update tasks set kind = 'audio' where id = ${taskId}`
  expect(await readProgressSeed(jobs.sql, videoId)).toMatchObject({
    total: 938,
    frames_shown: false,
    chunks_total: 0,
    rungs: [],
    tasks: [{ id: taskId }],
  })
})

test('there is no seed before the plan, after the end, or of no video', async () => {
  const { videoId } = await submit(jobs.sql)
  expect(await readProgressSeed(jobs.sql, videoId)).toBeNull()
  const other = await planned(jobs.sql)
  await cancelVideo(jobs.sql, other)
  expect(await readProgressSeed(jobs.sql, other)).toBeNull()
  expect(await readProgressSeed(jobs.sql, crypto.randomUUID())).toBeNull()
})

test('a seed read from the rows gives a snapshot of the published shape', async () => {
  const videoId = await planned(jobs.sql)
  const seed = await readProgressSeed(jobs.sql, videoId)
  if (!seed) throw new Error('there is no seed')
  expect(await createProgress(jobs.redis, jobs.names).seed(videoId, seed)).toBe('ok')
  const text = await jobs.redis.hget(jobs.names.progressKey(videoId), 'json')
  expect(progressSnapshotSchema.parse(JSON.parse(text ?? ''))).toMatchObject({
    total_frames: 600,
    percent: 0,
  })
})
