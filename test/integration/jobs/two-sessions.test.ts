import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import type { ClaimedTask } from '../../../src/jobs/claim.ts'
import { completeFetch } from '../../../src/jobs/complete-fetch.ts'
import { completeFinish, type Finished } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { failTask, stopVideo } from '../../../src/jobs/fail.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { replanVideo } from '../../../src/jobs/replan.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
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
const finished: Finished = { renditions: [], audio: [], outputs: { hls_master_key: 'm' }, findings: {} }

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
  ['a fetch', runningFetch, (task) => completeFetch(jobs.sql, task, { key: 'k', etag: 'e', bytes: 1 })],
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

test('a cancellation that waits behind a plan stops the tasks which that plan made', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId)
  const session = await lock(videoId)
  const plan = completePlan(jobs.sql, task, { media: someMedia, plan: aPlan() })
  await waiting(jobs.sql, 1)
  const cancellation = cancelVideo(jobs.sql, videoId)
  await waiting(jobs.sql, 2)
  await session.release()
  await plan
  expect(await cancellation).toBe('processing')
  expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'cancelled' })
  const states = (await readTasks(jobs.sql, videoId)).map((row) => `${row.kind} ${row.state}`)
  expect(states).toEqual(['plan done', 'video cancelled', 'audio cancelled', 'video cancelled'])
})

test('a plan that waits behind a cancellation makes nothing', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId)
  const session = await lock(videoId)
  const cancellation = cancelVideo(jobs.sql, videoId)
  await waiting(jobs.sql, 1)
  const refused = expect(
    completePlan(jobs.sql, task, { media: someMedia, plan: aPlan() }),
  ).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 2)
  await session.release()
  expect(await cancellation).toBe('queued')
  await refused
  expect(await readTasks(jobs.sql, videoId)).toMatchObject([{ kind: 'plan', state: 'cancelled' }])
})

test.each(['finish', 'cancel'] as const)(
  'of a finish and a cancellation the first one wins: %s',
  async (first) => {
    const task = await finishing(jobs.sql)
    const session = await lock(task.videoId)
    const results: Promise<unknown>[] = []
    const finish = () => results.push(completeFinish(jobs.sql, task, finished).catch((error) => error))
    const cancel = () => results.push(cancelVideo(jobs.sql, task.videoId))
    for (const [index, start] of (first === 'finish' ? [finish, cancel] : [cancel, finish]).entries()) {
      start()
      await waiting(jobs.sql, index + 1)
    }
    await session.release()
    const outcome = await Promise.all(results)
    const { status } = await readState(jobs.sql, task.videoId)
    expect({ status, outcome }).toEqual(
      first === 'finish'
        ? { status: 'completed', outcome: [undefined, 'completed'] }
        : { status: 'cancelled', outcome: ['processing', expect.objectContaining(fenced)] },
    )
  },
)

test('of two retries in the same moment one is granted', async () => {
  const { videoId } = await submit(jobs.sql)
  await cancelVideo(jobs.sql, videoId)
  const session = await lock(videoId)
  const retries = [1, 2].map(() => retryVideo(jobs.sql, videoId, { changed: false }))
  await waiting(jobs.sql, 2)
  await session.release()
  expect((await Promise.all(retries)).sort()).toEqual(['not_retryable', 'retried'])
})

test('a claim that waits behind the dispatcher gets the task once it is marked', async () => {
  const { taskId } = await submit(jobs.sql)
  const session = await hold(jobs.sql, (tx) => tx`select from tasks where id = ${taskId} for no key update`)
  const claimed = claim(jobs.sql, taskId, { entryId: '9-0' })
  await waiting(jobs.sql, 1)
  await session.release(
    (tx) => tx`update tasks set announced_at = now(), stream_id = '9-0' where id = ${taskId}`,
  )
  expect(await claimed).toMatchObject({ fence: 1 })
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'running', stream_id: '9-0' })
})

test('a deletion keeps a source on which a job was submitted in the same moment', async () => {
  const { videoId } = await submit(jobs.sql, { key: 'source/shared' })
  const other = crypto.randomUUID()
  const session = await hold(
    jobs.sql,
    (tx) => tx`insert into videos (id, source_kind, source_key) values (${other}, 'key', 'source/shared')`,
  )
  const removal = removeVideo(jobs.sql, videoId)
  await waiting(jobs.sql, 1)
  await session.release()
  expect(await removal).toBe(true)
  expect(await jobs.sql`select id, source_key from videos`).toEqual([
    { id: other, source_key: 'source/shared' },
  ])
  expect(await jobs.sql`select from collections where prefix = 'source/shared'`).toHaveLength(0)
})
