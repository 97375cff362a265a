import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ClaimedTask } from '../../../src/jobs/claim.ts'
import { completeFetch } from '../../../src/jobs/complete-fetch.ts'
import { completeFinish, type Finished } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { failTask, stopVideo } from '../../../src/jobs/fail.ts'
import { releaseTask } from '../../../src/jobs/release.ts'
import { replanVideo } from '../../../src/jobs/replan.ts'
import { lockVideo } from '../../../src/jobs/video-lock.ts'
import {
  aPlan,
  claim,
  commit,
  complete,
  completeAll,
  finishing,
  hold,
  type JobsUnderTest,
  planned,
  readState,
  readTask,
  readTasks,
  someMedia,
  startJobs,
  submit,
  waiting,
} from '../../support/jobs-under-test.ts'

// Each of these holds a lock, lets others run into it, and looks at what they do once it is free.
let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const fenced = { code: 'fenced' }
const lock = (videoId: string) => hold(jobs.sql, (tx) => lockVideo(tx, videoId))
const finished: Finished = {
  renditions: [],
  tracks: [],
  outputs: { hls_master_key: 'm', dash_manifest_key: 'd' },
  findings: [],
}

async function claimAll(videoId: string, kind: 'video' | 'audio' | 'mp4'): Promise<ClaimedTask[]> {
  const rows = await readTasks(jobs.sql, videoId, kind)
  return Promise.all(rows.map((row) => claim(jobs.sql, row.id)))
}

test('the last two tracks done in the same moment add one MP4 a rung', async () => {
  const videoId = await planned(jobs.sql, { chunks: 2, rungs: 2, audio: 0 })
  const tasks = await claimAll(videoId, 'video')
  const session = await lock(videoId)
  const ends = tasks.map((task) => complete(jobs.sql, task))
  await waiting(jobs.sql, 2)
  await session.release()
  await Promise.all(ends)
  expect(await readTasks(jobs.sql, videoId, 'mp4')).toHaveLength(2)
  expect((await readState(jobs.sql, videoId)).tasks_done).toBe(2)
})

test('the last two MP4s done in the same moment add one finish', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1, rungs: 2, audio: 0 })
  await completeAll(jobs.sql, videoId, 'video')
  const tasks = await claimAll(videoId, 'mp4')
  const session = await lock(videoId)
  const ends = tasks.map((task) => complete(jobs.sql, task))
  await waiting(jobs.sql, 2)
  await session.release()
  await Promise.all(ends)
  expect(await readTasks(jobs.sql, videoId, 'finish')).toHaveLength(1)
})

test('a task ended twice in the same moment by its owner counts once', async () => {
  const task = await runningChunk()
  const session = await lock(task.videoId)
  const ends = [complete(jobs.sql, task), complete(jobs.sql, task)]
  await waiting(jobs.sql, 2)
  await session.release()
  await Promise.all(ends)
  expect(await readState(jobs.sql, task.videoId)).toMatchObject({ tasks_done: 1 })
})

test('a segment that waits behind the reaper is refused once its task is taken back', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1 })
  const [task] = await claimAll(videoId, 'video')
  if (!task) throw new Error('no chunk')
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set state = 'queued', fence = fence + 1 where id = ${task.taskId}`,
  )
  const refused = expect(commit(jobs.sql, task, 0)).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 1)
  await session.release()
  await refused
  expect(await jobs.sql`select from segments`).toHaveLength(0)
})

test('a segment that waits behind a new claim of its task is refused, although the task is running', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1 })
  const [task] = await claimAll(videoId, 'video')
  if (!task) throw new Error('no chunk')
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set fence = fence + 2, worker_id = 'b' where id = ${task.taskId}`,
  )
  const refused = expect(commit(jobs.sql, task, 0)).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 1)
  await session.release()
  await refused
  expect(await jobs.sql`select from segments`).toHaveLength(0)
})

test.each(['queued', 'done', 'failed'])(
  'a segment that waits behind the end of its own run, %s now, is refused under the same fence',
  async (state) => {
    const task = await runningChunk()
    const session = await hold(
      jobs.sql,
      (tx) => tx`update tasks set state = ${state} where id = ${task.taskId}`,
    )
    const refused = expect(commit(jobs.sql, task, 0)).rejects.toMatchObject(fenced)
    await waiting(jobs.sql, 1)
    await session.release()
    await refused
    expect(await jobs.sql`select from segments`).toHaveLength(0)
  },
)

const failure = { code: 'no_video', message: 'there is no picture' }
const made = { media: someMedia, plan: aPlan() }

async function runningChunk(): Promise<ClaimedTask> {
  const videoId = await planned(jobs.sql, { chunks: 1 })
  const [task] = await claimAll(videoId, 'video')
  if (!task) throw new Error('no chunk')
  return task
}

async function runningPlan(): Promise<ClaimedTask> {
  return claim(jobs.sql, (await submit(jobs.sql)).taskId)
}

async function runningFetch(): Promise<ClaimedTask> {
  const { taskId } = await submit(jobs.sql, { url: 'http://example.org/' })
  return claim(jobs.sql, taskId)
}

test.each<[string, () => Promise<ClaimedTask>, (task: ClaimedTask) => Promise<void>]>([
  ['a track', runningChunk, (task) => complete(jobs.sql, task)],
  ['a plan', runningPlan, (task) => completePlan(jobs.sql, task, made)],
  ['a finish', () => finishing(jobs.sql), (task) => completeFinish(jobs.sql, task, finished)],
  [
    'a fetch',
    runningFetch,
    (task) => completeFetch(jobs.sql, task, { key: 'k', etag: 'e', bytes: 1, sha256: '0' }),
  ],
  ['a failure', runningChunk, (task) => failTask(jobs.sql, task, failure)],
  ['a new plan', runningChunk, (task) => replanVideo(jobs.sql, task, failure)],
])(
  '%s waits for the video before it touches its task, so that a cancellation passes',
  async (_, begin, end) => {
    const task = await begin()
    const session = await lock(task.videoId)
    const refused = expect(end(task)).rejects.toMatchObject(fenced)
    await waiting(jobs.sql, 1)
    await session.release(async (tx) => {
      await tx`set local lock_timeout = '300ms'`
      await stopVideo(tx, task.videoId, 'cancelled', null)
    })
    await refused
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'cancelled', generation: 1 })
  },
)

// As after a lease that ran out: the task is queued, claimed by another and running again.
const another = (task: ClaimedTask) => ({
  lose: () =>
    hold(jobs.sql, (tx) => tx`update tasks set fence = fence + 2, worker_id = 'b' where id = ${task.taskId}`),
  stays: async () => {
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({
      state: 'running',
      worker_id: 'b',
      fence: task.fence + 2,
    })
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ tasks_done: 0, generation: 1 })
  },
})

test.each<[string, (task: ClaimedTask) => Promise<void>]>([
  ['done', (task) => complete(jobs.sql, task)],
  ['failed', (task) => failTask(jobs.sql, task, failure)],
  ['released', (task) => releaseTask(jobs.sql, task, { reason: 'drain', delayMs: 0 })],
  ['planned anew', (task) => replanVideo(jobs.sql, task, failure)],
])('an end, %s, that waits behind a new claim is refused, although the task is running', async (_, end) => {
  const task = await runningChunk()
  const session = await another(task).lose()
  const refused = expect(end(task)).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 1)
  await session.release()
  await refused
  await another(task).stays()
})

test('an end that waits behind a cancellation, a retry and a new claim counts for nothing', async () => {
  const task = await runningChunk()
  const session = await lock(task.videoId)
  const refused = expect(complete(jobs.sql, task)).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 1)
  await session.release(async (tx) => {
    await stopVideo(tx, task.videoId, 'cancelled', null)
    await tx`update videos set status = 'processing' where id = ${task.videoId}`
    await tx`update tasks set state = 'running', fence = fence + 1 where id = ${task.taskId}`
  })
  await refused
  expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'processing', tasks_done: 0 })
  expect(await jobs.sql`select from segments`).toHaveLength(0)
})
