import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { failTask } from '../../../src/jobs/fail.ts'
import { mirrorDeadLetters } from '../../../src/jobs/mirror-dead-letters.ts'
import { readDeadLetters } from '../../../src/jobs/read-dead-letters.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import { releaseTask } from '../../../src/jobs/release.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import {
  claim,
  type JobsUnderTest,
  leaseMs,
  letReap,
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

const mirror = () => mirrorDeadLetters(jobs.sql, jobs.stream.dead)
const entries = async () =>
  (await jobs.redis.xrange(jobs.names.deadStream, '-', '+')).map(([, fields]) =>
    Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1]]] : []))),
  )
const videos = async () => (await entries()).map((entry) => entry.video)

async function fail(message = 'there is no picture'): Promise<string> {
  const { videoId, taskId } = await submit(jobs.sql)
  await failTask(jobs.sql, await claim(jobs.sql, taskId), { code: 'no_video', message })
  return videoId
}

test('a failed video is in the view with its task, code, message, attempts and time', async () => {
  const videoId = await planned(jobs.sql)
  const [, , chunk] = (await readTasks(jobs.sql, videoId)).filter((task) => task.kind !== 'audio')
  const error = { code: 'ffmpeg_failed', message: 'once' }
  await releaseTask(jobs.sql, await claim(jobs.sql, chunk?.id ?? 0), { reason: 'retry', delayMs: 0, error })
  await failTask(jobs.sql, await claim(jobs.sql, chunk?.id ?? 0), { code: 'ffmpeg_failed', message: 'twice' })
  await submit(jobs.sql)
  expect(await mirror()).toEqual({ added: 1, removed: 0 })
  const [letter] = (await readDeadLetters(jobs.sql, { limit: 10, after: null })).letters
  expect(letter).toMatchObject({
    videoId,
    kind: 'video',
    position: 1,
    attempts: 2,
    crashes: 0,
    message: 'twice',
  })
  expect(await entries()).toEqual([
    {
      video: videoId,
      task: 'video',
      position: '1',
      code: 'ffmpeg_failed',
      message: 'twice',
      attempts: '2',
      crashes: '0',
      at: letter?.at.toISOString(),
    },
  ])
  expect(await mirror()).toEqual({ added: 0, removed: 0 })
})

test('a task that ended its workers is in the view with its crashes', async () => {
  const { taskId } = await submit(jobs.sql)
  await claim(jobs.sql, taskId)
  await jobs.sql`update tasks set crashes = 2, lease_until = now() - interval '1 s'`
  await letReap(jobs.sql)
  await reapTasks(jobs.sql, leaseMs)
  await mirror()
  expect(await entries()).toMatchObject([
    { code: 'worker_crashed', task: 'plan', crashes: '3', attempts: '0' },
  ])
})

test('the view is made again after a flush, in the order of the failures', async () => {
  const ids = [await fail(), await fail(), await fail()]
  await mirror()
  await jobs.redis.del(jobs.names.deadStream)
  expect(await mirror()).toEqual({ added: 3, removed: 0 })
  expect(await videos()).toEqual(ids)
})

test('an entry goes when its video was tried again or deleted, and is another one when it failed anew', async () => {
  const [tried, deleted, again] = [await fail(), await fail(), await fail()]
  await mirror()
  await retryVideo(jobs.sql, tried, { changed: false })
  await removeVideo(jobs.sql, deleted)
  await retryVideo(jobs.sql, again, { changed: false })
  const [task] = await readTasks(jobs.sql, again)
  await failTask(jobs.sql, await claim(jobs.sql, task?.id ?? 0), { code: 'no_video', message: 'anew' })
  expect(await mirror()).toEqual({ added: 1, removed: 3 })
  expect(await entries()).toMatchObject([{ video: again, message: 'anew' }])
})

test('entries that are double or not of our making go', async () => {
  const videoId = await fail()
  await Promise.all([mirror(), mirror(), mirror()])
  await jobs.redis.xadd(jobs.names.deadStream, '*', 'what', 'ever')
  await mirror()
  expect(await videos()).toEqual([videoId])
})

test('dead letters are read page by page, the latest first', async () => {
  const ids = [await fail('1'), await fail('2'), await fail('3')]
  const first = await readDeadLetters(jobs.sql, { limit: 2, after: null })
  const second = await readDeadLetters(jobs.sql, { limit: 2, after: first.next })
  expect([...first.letters, ...second.letters].map((letter) => letter.videoId)).toEqual(ids.reverse())
  expect(second.next).toBeNull()
})
