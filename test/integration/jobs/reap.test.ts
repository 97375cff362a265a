import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedTask } from '../../../src/jobs/claim.ts'
import { passLocks } from '../../../src/jobs/passes.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import {
  claim,
  commit,
  hold,
  type JobsUnderTest,
  leaseMs,
  letReap,
  planned,
  readState,
  readTask,
  readTasks,
  startJobs,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const reap = () => reapTasks(jobs.sql, leaseMs)

async function runningChunks(count = 1): Promise<ClaimedTask[]> {
  const videoId = await planned(jobs.sql, { chunks: count })
  const tasks: ClaimedTask[] = []
  for (const { id } of await readTasks(jobs.sql, videoId, 'video')) tasks.push(await claim(jobs.sql, id))
  return tasks
}

async function lose(task: ClaimedTask | undefined): Promise<ClaimedTask> {
  if (!task) throw new Error('there is no such task')
  await jobs.sql`update tasks set lease_until = clock_timestamp() - interval '1 s' where id = ${task.taskId}`
  return task
}

describe('a task whose lease is over', () => {
  test('is queued again with a higher fence and one crash more, and its owner is fenced', async () => {
    const task = await lose((await runningChunks())[0])
    await commit(jobs.sql, task, 0)
    await lose(task)
    await jobs.sql`update tasks set announced_at = now() where id = ${task.taskId}`
    expect(await reap()).toBe(1)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({
      state: 'queued',
      fence: task.fence + 1,
      crashes: 1,
      attempt: 0,
      announced_at: null,
      stream_id: '1-1',
      worker_id: null,
      lease_until: null,
    })
    await expect(commit(jobs.sql, task, 1)).rejects.toMatchObject({ code: 'fenced' })
    expect(await jobs.sql`select idx from segments`).toEqual([{ idx: 0 }])
    expect(await jobs.sql`select outcome from task_runs where task_id = ${task.taskId}`).toEqual([
      { outcome: 'lost' },
    ])
  })

  test('is taken from nobody else: a task whose lease runs stays', async () => {
    const [lost, kept] = await runningChunks(2)
    await lose(lost)
    expect(await reap()).toBe(1)
    expect(await readTask(jobs.sql, kept?.taskId ?? 0)).toMatchObject({ state: 'running', crashes: 0 })
  })

  test('for the third time in the same place fails its video', async () => {
    const [first] = await runningChunks(2)
    let task = await lose(first)
    for (const crashes of [1, 2]) {
      await reap()
      expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'queued', crashes })
      task = await lose(await claim(jobs.sql, task.taskId))
    }
    expect(await reap()).toBe(1)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'failed', crashes: 3 })
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({
      status: 'failed',
      error_code: 'worker_crashed',
    })
    const left = await readTasks(jobs.sql, task.videoId)
    expect(left.filter((row) => row.state === 'queued' || row.state === 'running')).toEqual([])
    await expect(commit(jobs.sql, task, 0)).rejects.toMatchObject({ code: 'fenced' })
  })

  test('is forgiven its crashes when a segment came between them', async () => {
    let task = await lose((await runningChunks())[0])
    for (let idx = 0; idx < 3; idx++) {
      await reap()
      task = await claim(jobs.sql, task.taskId)
      await commit(jobs.sql, task, idx)
      await lose(task)
    }
    expect(await reap()).toBe(1)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'processing' })
  })
})

describe('after a gap', () => {
  const gap = (seconds: number) =>
    jobs.sql`update maintenance set reaped_at = now() - ${seconds} * interval '1 s'`

  test('in which nobody could beat, nothing is reaped for one lease', async () => {
    const task = await lose((await runningChunks())[0])
    await gap(leaseMs / 1000)
    expect(await reap()).toBeNull()
    expect(await reap()).toBeNull()
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'running' })
    const [pause] = await jobs.sql<{ s: number }[]>`
      select extract(epoch from reap_from - now())::float8 as s from maintenance`
    expect(pause?.s).toBeGreaterThan(leaseMs / 1000 - 5)
    await letReap(jobs.sql)
    expect(await reap()).toBe(1)
  })

  test('backwards, as from a clock that stepped, nothing is reaped either', async () => {
    await lose((await runningChunks())[0])
    await gap(-60)
    expect(await reap()).toBeNull()
  })

  test('shorter than half a lease reaping goes on', async () => {
    await lose((await runningChunks())[0])
    await gap(leaseMs / 1000 / 4)
    expect(await reap()).toBe(1)
  })
})

test('a lease far in the future is cut to one lease from now', async () => {
  const [far, near] = await runningChunks(2)
  const until = (task: ClaimedTask | undefined, seconds: number) => jobs.sql`
    update tasks set lease_until = now() + ${seconds} * interval '1 s' where id = ${task?.taskId ?? 0}`
  await until(far, 3_600)
  await until(near, 30)
  await reap()
  const leftS = async (task: ClaimedTask | undefined) =>
    ((await readTask(jobs.sql, task?.taskId ?? 0)).lease_until?.getTime() ?? 0) / 1000 - Date.now() / 1000
  expect(Math.round((await leftS(far)) / 5) * 5).toBe(20)
  expect(Math.round((await leftS(near)) / 5) * 5).toBe(30)
})

test('a task whose row another session holds is left for the next pass', async () => {
  const task = await lose((await runningChunks())[0])
  const session = await hold(jobs.sql, (tx) => tx`select from tasks where id = ${task.taskId} for update`)
  expect(await reap()).toBe(0)
  await session.release()
  expect(await reap()).toBe(1)
})

test('while another process reaps nothing is done twice', async () => {
  await lose((await runningChunks())[0])
  const session = await hold(jobs.sql, (tx) => tx`select pg_advisory_xact_lock(${passLocks.reap})`)
  expect(await reap()).toBeNull()
  await session.release()
})
