import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { claimTask } from '../../../src/jobs/claim.ts'
import { completeFinish, type Finished } from '../../../src/jobs/complete-finish.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { releaseTask, retryDelayMs } from '../../../src/jobs/release.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { replanVideo } from '../../../src/jobs/replan.ts'
import {
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
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const fenced = { code: 'fenced' }
const failure = { code: 'no_video', message: 'there is no picture' }
const finished: Finished = {
  renditions: [],
  tracks: [],
  outputs: { hls_master_key: 'm', dash_manifest_key: 'd' },
  findings: [],
}

/** A planned video whose first chunk runs, with one segment. */
async function runningChunk() {
  const videoId = await planned(jobs.sql)
  const [chunk] = await readTasks(jobs.sql, videoId, 'video')
  const task = await claim(jobs.sql, chunk?.id ?? 0)
  await commit(jobs.sql, task, 0)
  return task
}

const states = async (videoId: string) =>
  new Set(
    (await readTasks(jobs.sql, videoId)).filter((task) => task.kind !== 'plan').map((task) => task.state),
  )
const outcomes = (taskId: number) =>
  jobs.sql`select outcome from task_runs where task_id = ${taskId} order by fence`

describe('a release', () => {
  test('for a drain gives the task back at once, with no attempt spent and every segment kept', async () => {
    const task = await runningChunk()
    await jobs.sql`update tasks set announced_at = now() where id = ${task.taskId}`
    await releaseTask(jobs.sql, task, { reason: 'drain', delayMs: 0 })
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({
      state: 'queued',
      attempt: 0,
      crashes: 0,
      announced_at: null,
      stream_id: '1-1',
      worker_id: null,
      lease_until: null,
    })
    expect(await jobs.sql`select idx from segments`).toEqual([{ idx: 0 }])
    expect(await outcomes(task.taskId)).toEqual([{ outcome: 'released' }])
    expect((await claim(jobs.sql, task.taskId)).fence).toBe(task.fence + 1)
  })

  test('for another attempt spends one and waits, and after an outage it only waits', async () => {
    const task = await runningChunk()
    await releaseTask(jobs.sql, task, { reason: 'retry', delayMs: 60_000, error: failure })
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({
      state: 'queued',
      attempt: 1,
      error: failure,
    })
    expect(
      await claimTask(jobs.sql, { taskId: task.taskId, entryId: '2-0', workerId: 'w', leaseMs }),
    ).toBeNull()
    await jobs.sql`update tasks set run_at = now() where id = ${task.taskId}`
    const again = await claim(jobs.sql, task.taskId)
    await releaseTask(jobs.sql, again, { reason: 'outage', delayMs: 60_000 })
    const row = await readTask(jobs.sql, task.taskId)
    expect(row.attempt).toBe(1)
    expect(row.run_at.getTime() - Date.now()).toBeGreaterThan(50_000)
  })

  test('of an old fence is refused, and a repeated one changes nothing', async () => {
    const task = await runningChunk()
    const release = { reason: 'drain', delayMs: 0 } as const
    await expect(releaseTask(jobs.sql, { ...task, fence: 0 }, release)).rejects.toMatchObject(fenced)
    await releaseTask(jobs.sql, task, release)
    const before = await readTask(jobs.sql, task.taskId)
    await releaseTask(jobs.sql, task, release)
    expect(await readTask(jobs.sql, task.taskId)).toEqual(before)
  })

  test('waits four times longer each time, give or take half', () => {
    for (const attempt of [0, 1, 2]) {
      const delay = retryDelayMs(30_000, attempt)
      expect(delay).toBeLessThanOrEqual(30_000 * 4 ** attempt)
      expect(delay).toBeGreaterThanOrEqual(15_000 * 4 ** attempt)
    }
  })
})

describe('a failure', () => {
  test('fails the video with its reason and stops the other tasks, whose owners are fenced', async () => {
    const task = await runningChunk()
    const [, other] = await readTasks(jobs.sql, task.videoId, 'video')
    const neighbour = await claim(jobs.sql, other?.id ?? 0)
    await failTask(jobs.sql, task, failure)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({
      status: 'failed',
      error_code: failure.code,
      error_message: failure.message,
      completed_at: expect.any(Date),
    })
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'failed', error: failure })
    expect(await readTask(jobs.sql, neighbour.taskId)).toMatchObject({
      state: 'cancelled',
      fence: neighbour.fence + 1,
      worker_id: null,
      lease_until: null,
    })
    await expect(commit(jobs.sql, neighbour, 0)).rejects.toMatchObject(fenced)
    expect(await outcomes(task.taskId)).toEqual([{ outcome: 'failed' }])
    expect(await outcomes(neighbour.taskId)).toEqual([{ outcome: 'cancelled' }])
    expect(await eventKinds(jobs.sql, task.videoId)).toEqual(['submitted', 'planned', 'failed'])
  })

  test('leaves the work of other videos alone', async () => {
    const task = await runningChunk()
    const other = await runningChunk()
    await failTask(jobs.sql, task, failure)
    expect(await readTask(jobs.sql, other.taskId)).toMatchObject({ state: 'running' })
    expect(await readState(jobs.sql, other.videoId)).toMatchObject({ status: 'processing' })
  })

  test('of an old fence is refused', async () => {
    const task = await runningChunk()
    await expect(failTask(jobs.sql, { ...task, fence: 0 }, failure)).rejects.toMatchObject(fenced)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'processing', error_code: null })
  })
})

describe('a cancellation', () => {
  test('is terminal at once, although a worker still encodes', async () => {
    const task = await runningChunk()
    expect(await cancelVideo(jobs.sql, task.videoId)).toBe('processing')
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'cancelled', error_code: null })
    expect(await states(task.videoId)).toEqual(new Set(['cancelled']))
    await expect(commit(jobs.sql, task, 1)).rejects.toMatchObject(fenced)
    await expect(complete(jobs.sql, task)).rejects.toMatchObject(fenced)
  })

  test('repeated says what it found and changes nothing', async () => {
    const { videoId } = await submit(jobs.sql)
    expect(await cancelVideo(jobs.sql, videoId)).toBe('queued')
    const before = await readTasks(jobs.sql, videoId)
    expect(await cancelVideo(jobs.sql, videoId)).toBe('cancelled')
    expect(await readTasks(jobs.sql, videoId)).toEqual(before)
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'cancelled'])
    expect(await cancelVideo(jobs.sql, crypto.randomUUID())).toBeNull()
  })

  test('after the finish comes too late, and before it the finish is refused', async () => {
    const first = await finishing(jobs.sql)
    await completeFinish(jobs.sql, first, finished)
    expect(await cancelVideo(jobs.sql, first.videoId)).toBe('completed')
    expect(await readState(jobs.sql, first.videoId)).toMatchObject({ status: 'completed' })
    const second = await finishing(jobs.sql)
    await cancelVideo(jobs.sql, second.videoId)
    await expect(completeFinish(jobs.sql, second, finished)).rejects.toMatchObject(fenced)
    expect(await readState(jobs.sql, second.videoId)).toMatchObject({ status: 'cancelled' })
  })
})

describe('a deletion', () => {
  test('takes every row and fences the owners', async () => {
    const task = await runningChunk()
    expect(await removeVideo(jobs.sql, task.videoId)).toBe(true)
    expect(await removeVideo(jobs.sql, task.videoId)).toBe(false)
    await expect(commit(jobs.sql, task, 1)).rejects.toMatchObject(fenced)
    await expect(complete(jobs.sql, task)).rejects.toMatchObject(fenced)
    await expect(failTask(jobs.sql, task, failure)).rejects.toMatchObject(fenced)
    for (const table of ['tasks', 'segments', 'task_runs', 'events', 'resolutions', 'tracks', 'sources']) {
      expect(await jobs.sql`select from ${jobs.sql(table)}`, table).toHaveLength(0)
    }
  })

  test('has its folders and its source collected, a source that another video uses excepted', async () => {
    const prefixes = async () =>
      (await jobs.sql<{ prefix: string }[]>`select prefix from collections`).map((row) => row.prefix).sort()
    const first = await submit(jobs.sql, { key: 'source/shared' })
    const second = await submit(jobs.sql, { key: 'source/shared' })
    await removeVideo(jobs.sql, first.videoId)
    const folders = (id: string) => [`processed/${id}/`, `source/${id}/`]
    expect(await prefixes()).toEqual(folders(first.videoId).sort())
    expect(await jobs.sql`select key from sources`).toEqual([{ key: 'source/shared' }])
    await removeVideo(jobs.sql, second.videoId)
    const all = [...folders(first.videoId), ...folders(second.videoId), 'source/shared']
    expect(await prefixes()).toEqual(all.sort())
    expect(await jobs.sql`select key from sources`).toEqual([])
  })
})

describe('planning again', () => {
  test('throws away what was made and begins a new generation with a new plan task', async () => {
    const task = await runningChunk()
    await replanVideo(jobs.sql, task, { code: 'cut_not_exact', message: 'it cannot be cut' })
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({
      status: 'queued',
      generation: 2,
      tasks_total: 0,
      tasks_done: 0,
    })
    const tasks = await readTasks(jobs.sql, task.videoId)
    expect(tasks).toMatchObject([{ kind: 'plan', state: 'queued', input: { single_chunk: 'cut_not_exact' } }])
    expect(tasks[0]?.id).toBeGreaterThan(task.taskId)
    for (const table of ['segments', 'resolutions', 'tracks']) {
      expect(await jobs.sql`select from ${jobs.sql(table)}`, table).toHaveLength(0)
    }
    await expect(commit(jobs.sql, task, 1)).rejects.toMatchObject(fenced)
  })

  test('asked for by an old fence is refused', async () => {
    const task = await runningChunk()
    await expect(replanVideo(jobs.sql, { ...task, fence: 0 }, failure)).rejects.toMatchObject(fenced)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ generation: 1, status: 'processing' })
  })
})
