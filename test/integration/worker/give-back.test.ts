import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { giveBack } from '../../../src/worker/loop.ts'
import { claim, type JobsUnderTest, readTask, startJobs, submit } from '../../support/jobs-under-test.ts'

const workerId = 'worker-a'
const consumer = 'worker'
let jobs: JobsUnderTest

beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs?.[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

/** A task whose hint this worker has read. */
async function readHint(): Promise<{ taskId: number; entryId: string }> {
  const { taskId } = await submit(jobs.sql)
  await jobs.stream.announce({ id: taskId, streamId: null })
  await jobs.redis.xreadgroup('GROUP', jobs.names.group, consumer, 'STREAMS', jobs.names.stream, '>')
  const entryId = (await jobs.stream.pendingOf(consumer)).at(-1)?.id ?? ''
  await jobs.sql`update tasks set announced_at = now(), stream_id = ${entryId} where id = ${taskId}`
  return { taskId, entryId }
}

const giveAllBack = async () =>
  giveBack({ sql: jobs.sql, stream: jobs.stream, workerId }, await jobs.stream.pendingOf(consumer))

test('a hint that was not claimed is announced again, and its entry is gone', async () => {
  const { taskId } = await readHint()
  await giveAllBack()
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'queued', announced_at: null })
  expect(await jobs.stream.length()).toBe(0)
})

test('a task whose claim was committed while its answer was lost goes back with nothing spent', async () => {
  const { taskId, entryId } = await readHint()
  await claim(jobs.sql, taskId, { workerId, entryId })
  await giveAllBack()
  const task = await readTask(jobs.sql, taskId)
  expect(task).toMatchObject({ state: 'queued', announced_at: null, worker_id: null, attempt: 0, crashes: 0 })
  const runs = await jobs.sql`select outcome from task_runs where task_id = ${taskId}`
  expect(runs).toEqual([{ outcome: 'released' }])
})

test("another worker's task is left alone, whoever was handed its entry", async () => {
  const { taskId, entryId } = await readHint()
  await claim(jobs.sql, taskId, { workerId: 'worker-b', entryId })
  await giveAllBack()
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'running', worker_id: 'worker-b' })
})
