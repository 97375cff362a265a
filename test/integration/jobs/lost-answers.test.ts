import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { FencedError } from '../../../src/errors.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { isHeld, lookAgain } from '../../../src/jobs/claim.ts'
import { adoptFetch, claimFetch } from '../../../src/jobs/claim-fetch.ts'
import { completeFetch } from '../../../src/jobs/complete-fetch.ts'
import { completeFinish } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { releaseTask } from '../../../src/jobs/release.ts'
import {
  aPlan,
  claim,
  commit,
  complete,
  eventKinds,
  finishing,
  type JobsUnderTest,
  leaseMs,
  planned,
  readState,
  readTask,
  readTasks,
  someMedia,
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const failure = { code: 'ffmpeg_failed', message: 'no' }

/** As after a commit whose answer was lost: the same again. */
async function twice(statement: () => Promise<unknown>): Promise<void> {
  await statement()
  await statement()
}

/** A claimed video task. */
async function running() {
  const videoId = await planned(jobs.sql)
  const [first] = await readTasks(jobs.sql, videoId, 'video')
  return claim(jobs.sql, first?.id ?? 0)
}

test('a plan, a segment, a task and a finish that are committed again change nothing', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const plan = await claim(jobs.sql, taskId)
  await twice(() => completePlan(jobs.sql, plan, { media: someMedia, plan: aPlan() }))
  const [row] = await readTasks(jobs.sql, videoId, 'video')
  const task = await claim(jobs.sql, row?.id ?? 0)
  await twice(() => commit(jobs.sql, task, 0))
  await twice(() => complete(jobs.sql, task))
  expect(await readState(jobs.sql, videoId)).toMatchObject({ tasks_done: 1, status: 'processing' })
  expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'planned'])

  const finish = await finishing(jobs.sql)
  const finished = {
    renditions: [],
    tracks: [],
    outputs: { hls_master_key: 'm', dash_manifest_key: 'd' },
    findings: [],
  }
  await twice(() => completeFinish(jobs.sql, finish, finished))
  expect(await eventKinds(jobs.sql, finish.videoId)).toEqual(['submitted', 'planned', 'completed'])
})

test('an attempt that is given back again is spent once, also when somebody else has the task by now', async () => {
  const task = await running()
  const release = () => releaseTask(jobs.sql, task, { reason: 'retry', delayMs: 0, error: failure })
  await twice(release)
  expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'queued', attempt: 1, crashes: 0 })
  await claim(jobs.sql, task.taskId, { workerId: 'another' })
  await release()
  expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'running', attempt: 1, fence: 2 })
})

test('a drain and an outage that are written again spend nothing', async () => {
  for (const reason of ['drain', 'outage'] as const) {
    const task = await running()
    await twice(() => releaseTask(jobs.sql, task, { reason, delayMs: 0 }))
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'queued', attempt: 0, crashes: 0 })
  }
})

test('a failure that is written again fails the video once', async () => {
  const task = await running()
  await twice(() => failTask(jobs.sql, task, failure))
  expect(await eventKinds(jobs.sql, task.videoId)).toEqual(['submitted', 'planned', 'failed'])
})

test('an end that another one came before is no lost answer', async () => {
  const task = await running()
  await cancelVideo(jobs.sql, task.videoId)
  for (const end of [
    () => complete(jobs.sql, task),
    () => failTask(jobs.sql, task, failure),
    () => releaseTask(jobs.sql, task, { reason: 'drain', delayMs: 0 }),
  ]) {
    await expect(end()).rejects.toThrow(FencedError)
  }
})

test('a claim whose answer was lost is adopted by the process that made it, and by no other', async () => {
  const { taskId } = await submit(jobs.sql)
  const hint = { taskId, entryId: '7-1' }
  const task = await claim(jobs.sql, taskId, { entryId: '7-1', workerId: 'me' })
  expect(await lookAgain(jobs.sql, { ...hint, workerId: 'me' })).toEqual({ verdict: 'adopted', task })
  expect(await lookAgain(jobs.sql, { ...hint, workerId: 'you' })).toEqual({ verdict: 'leave' })
  expect(await isHeld(jobs.sql, hint)).toBe(true)
  expect(await isHeld(jobs.sql, { taskId, entryId: '7-2' })).toBe(false)
})

test('a fetch whose claim was not answered is adopted by its courier, and committed once', async () => {
  await submit(jobs.sql, { url: 'https://example.org/film.mp4' })
  const task = await claimFetch(jobs.sql, { workerId: 'me', leaseMs })
  expect(await adoptFetch(jobs.sql, 'me')).toEqual(task)
  expect(await adoptFetch(jobs.sql, 'you')).toBeNull()
  if (!task) throw new Error('not claimed')
  await twice(() => completeFetch(jobs.sql, task, { key: 'source/x', etag: 'e', bytes: 1, sha256: '0' }))
  expect(await eventKinds(jobs.sql, task.videoId)).toEqual(['submitted', 'fetched'])
})
