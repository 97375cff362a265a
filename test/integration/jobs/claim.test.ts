import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { beatTask } from '../../../src/jobs/beat.ts'
import { claimTask, findResumePoint, lookAgain } from '../../../src/jobs/claim.ts'
import { claimFetch } from '../../../src/jobs/claim-fetch.ts'
import { commitSegment } from '../../../src/jobs/commit-segment.ts'
import { markAnnounced } from '../../../src/jobs/submit.ts'
import {
  aSegment,
  claim,
  commit,
  eventKinds,
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

describe('a submission', () => {
  test('of a key queues the video, its plan task and its first event together', async () => {
    const { videoId, taskId } = await submit(jobs.sql, { key: 'source/a' })
    expect(await readState(jobs.sql, videoId)).toMatchObject({
      status: 'queued',
      source_key: 'source/a',
      source_etag: 'etag-1',
    })
    expect(await readTask(jobs.sql, taskId)).toMatchObject({ kind: 'plan', state: 'queued', fence: 0 })
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted'])
  })

  test('of a URL shows it without its secrets, which only the fetch task keeps', async () => {
    const url = 'https://me:secret@example.org/film.mp4?signature=1#part'
    const { videoId, taskId } = await submit(jobs.sql, { url })
    const [row] = await jobs.sql`select source_url from videos where id = ${videoId}`
    expect(row).toEqual({ source_url: 'https://example.org/film.mp4' })
    expect(await readTask(jobs.sql, taskId)).toMatchObject({ kind: 'fetch', input: { url } })
  })

  test('of a source that another video uses shares its row', async () => {
    await submit(jobs.sql, { key: 'source/shared' })
    await submit(jobs.sql, { key: 'source/shared' })
    expect(await jobs.sql`select key from sources`).toEqual([{ key: 'source/shared' }])
  })

  test('announced by the API is left alone by the dispatcher, unless it is claimed already', async () => {
    const first = await submit(jobs.sql)
    await markAnnounced(jobs.sql, first.taskId, '5-0')
    expect(await readTask(jobs.sql, first.taskId)).toMatchObject({
      stream_id: '5-0',
      announced_at: expect.any(Date),
    })
    const second = await submit(jobs.sql)
    await claim(jobs.sql, second.taskId, { entryId: '6-0' })
    await markAnnounced(jobs.sql, second.taskId, '5-1')
    expect(await readTask(jobs.sql, second.taskId)).toMatchObject({ stream_id: '6-0', announced_at: null })
  })
})

describe('a claim', () => {
  test('raises the fence, names worker and entry, and opens a line in the log of runs', async () => {
    const { taskId } = await submit(jobs.sql)
    const task = await claim(jobs.sql, taskId, { entryId: '7-0', workerId: 'w' })
    expect(task).toMatchObject({ taskId, fence: 1, kind: 'plan', sourceEtag: 'etag-1', sourceBytes: 9 })
    expect(await readTask(jobs.sql, taskId)).toMatchObject({
      state: 'running',
      worker_id: 'w',
      stream_id: '7-0',
      fence: 1,
    })
    expect(await jobs.sql`select fence, worker_id, outcome from task_runs`).toEqual([
      { fence: 1, worker_id: 'w', outcome: null },
    ])
  })

  test('of a running task is refused, and of two at once one is', async () => {
    const { taskId } = await submit(jobs.sql)
    const tries = ['a', 'b', 'c'].map((workerId) =>
      claimTask(jobs.sql, { taskId, entryId: '1-0', workerId, leaseMs }),
    )
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
    expect(await claimTask(jobs.sql, { taskId, entryId: '1-0', workerId: 'd', leaseMs })).toBeNull()
    expect((await readTask(jobs.sql, taskId)).fence).toBe(1)
  })

  test('before its time is refused', async () => {
    const { taskId } = await submit(jobs.sql)
    await jobs.sql`update tasks set run_at = now() + interval '1 h' where id = ${taskId}`
    expect(await claimTask(jobs.sql, { taskId, entryId: '1-0', workerId: 'w', leaseMs })).toBeNull()
  })

  test('whose answer was lost is adopted by the same process, left by another, dropped under another entry', async () => {
    const { taskId } = await submit(jobs.sql)
    await claim(jobs.sql, taskId, { entryId: '7-0', workerId: 'w' })
    const look = (workerId: string, entryId: string) => lookAgain(jobs.sql, { workerId, taskId, entryId })
    expect(await look('w', '7-0')).toMatchObject({ verdict: 'adopted', task: { taskId, fence: 1 } })
    expect(await look('other', '7-0')).toEqual({ verdict: 'leave' })
    expect(await look('w', '8-0')).toEqual({ verdict: 'drop' })
    expect(await lookAgain(jobs.sql, { workerId: 'w', taskId: 999_999, entryId: '7-0' })).toEqual({
      verdict: 'drop',
    })
  })

  test('by the courier takes the most urgent fetch task and no other kind, each once', async () => {
    await submit(jobs.sql)
    const low = await submit(jobs.sql, { url: 'http://example.org/1', priority: 'low' })
    const high = await submit(jobs.sql, { url: 'http://example.org/2', priority: 'high' })
    const next = () => claimFetch(jobs.sql, { workerId: 'courier', leaseMs })
    expect(await next()).toMatchObject({ taskId: high.taskId, fence: 1, kind: 'fetch' })
    expect(await next()).toMatchObject({ taskId: low.taskId })
    expect(await next()).toBeNull()
  })
})

describe('a beat', () => {
  test('extends the lease of its own run only', async () => {
    const { taskId } = await submit(jobs.sql)
    const task = await claim(jobs.sql, taskId)
    await jobs.sql`update tasks set lease_until = now() where id = ${taskId}`
    expect(await beatTask(jobs.sql, task, leaseMs)).toBe(true)
    const { lease_until } = await readTask(jobs.sql, taskId)
    expect((lease_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(leaseMs - 5_000)
    expect(await beatTask(jobs.sql, { ...task, fence: task.fence - 1 }, leaseMs)).toBe(false)
    expect(await beatTask(jobs.sql, { ...task, fence: task.fence + 1 }, leaseMs)).toBe(false)
  })

  test('for a task that is queued again finds no row, whatever its fence', async () => {
    const { taskId } = await submit(jobs.sql)
    const task = await claim(jobs.sql, taskId)
    await jobs.sql`update tasks set state = 'queued' where id = ${taskId}`
    expect(await beatTask(jobs.sql, task, leaseMs)).toBe(false)
  })
})

describe('a segment', () => {
  async function runningChunk() {
    const videoId = await planned(jobs.sql)
    const [chunk] = await readTasks(jobs.sql, videoId, 'video')
    return claim(jobs.sql, chunk?.id ?? 0)
  }
  const rows = () =>
    jobs.sql<{ idx: number; objects: unknown }[]>`select idx, objects from segments order by idx`

  test('is committed with its objects, and a new run begins behind it', async () => {
    const task = await runningChunk()
    expect(await findResumePoint(jobs.sql, task)).toBe(0)
    await commit(jobs.sql, task, 0)
    await commit(jobs.sql, task, 1)
    expect(await findResumePoint(jobs.sql, task)).toBe(2)
    expect(await jobs.sql`select first_idx from task_runs where task_id = ${task.taskId}`).toEqual([
      { first_idx: 2 },
    ])
    expect(await rows()).toEqual([0, 1].map((idx) => ({ idx, objects: aSegment(task, idx).objects })))
  })

  test('extends the lease and forgives earlier crashes', async () => {
    const task = await runningChunk()
    await jobs.sql`update tasks set crashes = 2, lease_until = now() where id = ${task.taskId}`
    await commit(jobs.sql, task, 0)
    const row = await readTask(jobs.sql, task.taskId)
    expect(row.crashes).toBe(0)
    expect((row.lease_until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(leaseMs - 5_000)
  })

  test('whose answer was lost may be committed again, and stays one row', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    await commit(jobs.sql, task, 0)
    expect(await rows()).toHaveLength(1)
  })

  test('with other bytes in the same place is refused', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    const other = aSegment({ ...task, fence: 99 }, 0)
    await expect(commitSegment(jobs.sql, task, other, leaseMs)).rejects.toMatchObject(fenced)
    expect(await rows()).toEqual([{ idx: 0, objects: aSegment(task, 0).objects }])
  })

  test('of an old fence is refused, as is its question where to begin', async () => {
    const task = await runningChunk()
    const old = { ...task, fence: task.fence - 1 }
    await expect(commit(jobs.sql, old, 0)).rejects.toMatchObject(fenced)
    await expect(findResumePoint(jobs.sql, old)).rejects.toMatchObject(fenced)
    expect(await rows()).toEqual([])
  })

  test('of a task that is not running any more is refused, even one committed before', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    await jobs.sql`update tasks set state = 'queued' where id = ${task.taskId}`
    await expect(commit(jobs.sql, task, 0)).rejects.toMatchObject(fenced)
    await expect(commit(jobs.sql, task, 1)).rejects.toMatchObject(fenced)
    expect(await rows()).toHaveLength(1)
  })
})
