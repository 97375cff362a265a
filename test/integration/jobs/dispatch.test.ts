import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAnnouncer } from '../../../src/jobs/announce-submitted.ts'
import { dispatchTasks, reconcileHints, returnHints } from '../../../src/jobs/dispatch.ts'
import { passLocks } from '../../../src/jobs/passes.ts'
import { releaseTask } from '../../../src/jobs/release.ts'
import { forgetEarlierLives, seeWorker } from '../../../src/jobs/workers.ts'
import type { Announced } from '../../../src/queue/stream.ts'
import { insertBacklog } from '../../support/backlog.ts'
import {
  claim,
  hold,
  type JobsUnderTest,
  planned,
  readTask,
  readTasks,
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const dispatch = () => dispatchTasks(jobs.sql, jobs.stream)
/** With nobody alive the window has room for four. */
const window = 4

/** The tasks in the order workers will read them. */
async function announced(): Promise<number[]> {
  const entries = await jobs.redis.xrange(jobs.names.stream, '-', '+')
  return entries.map(([, fields]) => Number(fields[1]))
}

const submitMany = async (count: number, options: Parameters<typeof submit>[1] = {}) => {
  const ids: number[] = []
  for (let i = 0; i < count; i++) ids.push((await submit(jobs.sql, options)).taskId)
  return ids
}

const seen = (slots: number, draining = false) =>
  seeWorker(
    jobs.sql,
    { id: `w-${slots}-${draining}`, consumer: 'w', host: 'h', version: '1', build: 'b', slots },
    draining,
  )

describe('the dispatcher', () => {
  test('announces what waits and marks it with its entry', async () => {
    const { taskId } = await submit(jobs.sql)
    expect(await dispatch()).toBe(1)
    const [entry] = await jobs.redis.xrange(jobs.names.stream, '-', '+')
    expect(entry?.[1]).toEqual(['task', String(taskId)])
    expect(await readTask(jobs.sql, taskId)).toMatchObject({
      state: 'queued',
      stream_id: entry?.[0],
      announced_at: expect.any(Date),
    })
    expect(await dispatch()).toBe(0)
  })

  test('keeps as many running or announced as twice the live slots, and four announced at least', async () => {
    const ids = await submitMany(12)
    expect(await dispatch()).toBe(window)
    expect(await dispatch()).toBe(0)
    await seen(3)
    await seen(50, true)
    expect(await dispatch()).toBe(2)
    for (const id of ids.slice(0, 2)) await claim(jobs.sql, id)
    expect(await dispatch()).toBe(0)
    await claim(jobs.sql, ids[2] ?? 0)
    expect(await dispatch()).toBe(1)
    expect(await announced()).toEqual(ids.slice(0, 7))
  })

  test('counts the slots of a worker once, when it comes back after a death without a word', async () => {
    await submitMany(20)
    await seen(4)
    await forgetEarlierLives(jobs.sql, 'w')
    await seen(5)
    await dispatch()
    expect(await announced()).toHaveLength(10)
  })

  test('has at most 100 hints wait while all slots are busy, however many there are', async () => {
    await insertBacklog(jobs.sql, { videos: 400 })
    await jobs.sql`update tasks set state = 'running' where id in (select id from tasks order by id limit 200)`
    await seen(200)
    expect(await dispatch()).toBe(100)
    expect(await dispatch()).toBe(0)
  })

  test('goes by priority, and within a video by its order: chunk 0, sound, chunk 1', async () => {
    await seen(10)
    const low = await submit(jobs.sql, { priority: 'low' })
    const film = await planned(jobs.sql, { chunks: 2 })
    const high = await submit(jobs.sql, { priority: 'high' })
    await dispatch()
    const tracks = (await readTasks(jobs.sql, film)).slice(1)
    expect(tracks.map((task) => `${task.kind} ${task.position}`)).toEqual(['video 0', 'audio 0', 'video 1'])
    expect(await announced()).toEqual([high.taskId, ...tracks.map((task) => task.id), low.taskId])
  })

  test('lets a task that waited long rise', async () => {
    const normal = await submit(jobs.sql)
    const old = await submit(jobs.sql, { priority: 'low' })
    await jobs.sql`update tasks set run_at = now() - interval '25 min' where id = ${old.taskId}`
    await dispatch()
    expect(await announced()).toEqual([old.taskId, normal.taskId])
  })

  test('leaves out what a claim would refuse, and fetch tasks, which no worker takes', async () => {
    await submit(jobs.sql, { url: 'http://example.org/' })
    const later = await submit(jobs.sql)
    await jobs.sql`update tasks set run_at = now() + interval '1 h' where id = ${later.taskId}`
    await claim(jobs.sql, (await submit(jobs.sql)).taskId)
    expect(await dispatch()).toBe(0)
    expect(await announced()).toEqual([])
  })

  test('replaces the entry of a task that is announced again', async () => {
    const { taskId } = await submit(jobs.sql)
    await dispatch()
    const first = (await readTask(jobs.sql, taskId)).stream_id
    await releaseTask(jobs.sql, await claim(jobs.sql, taskId, { entryId: first ?? '' }), {
      reason: 'drain',
      delayMs: 0,
    })
    expect(await dispatch()).toBe(1)
    expect(await announced()).toEqual([taskId])
    expect((await readTask(jobs.sql, taskId)).stream_id).not.toBe(first)
  })

  test('marks nothing when Redis fails, so that the next pass announces it', async () => {
    const ids = await submitMany(2)
    const failing = {
      ...jobs.stream,
      announceAll: async (tasks: Announced[]) => {
        await jobs.stream.announceAll(tasks)
        throw new Error('Redis is away')
      },
    }
    await expect(dispatchTasks(jobs.sql, failing)).rejects.toThrow('Redis is away')
    for (const id of ids) expect((await readTask(jobs.sql, id)).announced_at).toBeNull()
    expect(await dispatch()).toBe(2)
  })

  test('marks those that got an entry when Redis took only some', async () => {
    const ids = await submitMany(3)
    const short = { ...jobs.stream, announceAll: (tasks: Announced[]) => jobs.stream.announceAll(tasks, 2) }
    expect(await dispatchTasks(jobs.sql, short)).toBe(2)
    expect(await announced()).toEqual(ids.slice(0, 2))
    expect((await readTask(jobs.sql, ids[2] ?? 0)).announced_at).toBeNull()
    expect(await dispatch()).toBe(1)
  })

  test('of two at once only one is at work, and nothing is announced twice', async () => {
    const ids = await submitMany(3)
    const results = await Promise.all([dispatch(), dispatch(), dispatch()])
    expect(results).toContain(3)
    expect((await announced()).sort()).toEqual(ids)
    const session = await hold(jobs.sql, (tx) => tx`select pg_advisory_xact_lock(${passLocks.dispatch})`)
    const whileNothingWaits = await dispatch()
    await submitMany(1)
    const whileOneWaits = await dispatch()
    await session.release()
    expect([whileNothingWaits, whileOneWaits]).toEqual([0, null])
  })
})

describe('a high-priority task', () => {
  test('is the first a worker reads, although the window was full of others', async () => {
    const normal = await submitMany(6)
    await dispatch()
    const high = await submit(jobs.sql, { priority: 'high' })
    await dispatch()
    expect(await announced()).toEqual([high.taskId, ...normal.slice(0, window - 1)])
    expect(await dispatch()).toBe(0)
  })

  test('goes before hints that wait although there was room behind them', async () => {
    const [normal] = await submitMany(1)
    await dispatch()
    const high = await submit(jobs.sql, { priority: 'high' })
    await dispatch()
    expect(await announced()).toEqual([high.taskId, normal])
  })

  test('leaves no mark without its entry when Redis fails after hints were taken back', async () => {
    const normal = await submitMany(3)
    await dispatch()
    await submit(jobs.sql, { priority: 'high' })
    const failing = { ...jobs.stream, announceAll: () => Promise.reject(new Error('Redis is away')) }
    await expect(dispatchTasks(jobs.sql, failing)).rejects.toThrow('Redis is away')
    expect(await announced()).toEqual([])
    for (const id of normal) expect((await readTask(jobs.sql, id)).announced_at).toBeNull()
  })

  test('takes nothing back from its like, from what runs, or from what waited long', async () => {
    const [running, old, other] = await submitMany(3)
    const high = await submitMany(1, { priority: 'high' })
    await dispatch()
    await claim(jobs.sql, running ?? 0)
    await jobs.sql`update tasks set run_at = now() - interval '25 min' where id = ${old ?? 0}`
    const before = await Promise.all([running, old, ...high].map((id) => readTask(jobs.sql, id ?? 0)))
    const second = await submit(jobs.sql, { priority: 'high' })
    await dispatch()
    expect(await Promise.all([running, old, ...high].map((id) => readTask(jobs.sql, id ?? 0)))).toEqual(
      before,
    )
    expect((await announced()).slice(-2)).toEqual([second.taskId, other])
  })
})

describe('a hint that nobody claimed', () => {
  test('for too long is announced again by an entry that replaces it', async () => {
    const { taskId } = await submit(jobs.sql)
    await dispatch()
    expect(await reconcileHints(jobs.sql, 60_000)).toBe(0)
    await jobs.sql`update tasks set announced_at = now() - interval '61 s' where id = ${taskId}`
    await jobs.redis.del(jobs.names.stream)
    expect(await reconcileHints(jobs.sql, 60_000)).toBe(1)
    expect(await dispatch()).toBe(1)
    expect(await announced()).toEqual([taskId])
  })

  test('is left when its task runs', async () => {
    const { taskId } = await submit(jobs.sql)
    await dispatch()
    await claim(jobs.sql, taskId)
    await jobs.sql`update tasks set announced_at = now() - interval '61 s' where id = ${taskId}`
    expect(await reconcileHints(jobs.sql, 60_000)).toBe(0)
  })

  test('and is given back by a stopping worker can be announced at once', async () => {
    const { taskId } = await submit(jobs.sql)
    await dispatch()
    const { stream_id } = await readTask(jobs.sql, taskId)
    await returnHints(jobs.sql, ['0-1'])
    expect((await readTask(jobs.sql, taskId)).announced_at).not.toBeNull()
    await returnHints(jobs.sql, [stream_id ?? ''])
    expect(await readTask(jobs.sql, taskId)).toMatchObject({ announced_at: null, stream_id })
    await returnHints(jobs.sql, [])
  })
})

describe('the announcement after a submission', () => {
  const woken: string[] = []
  const wake = (channel: string) => void woken.push(channel)
  const announcer = (stream = jobs.stream) =>
    createAnnouncer({ sql: jobs.sql, stream, log: searchedLog('api'), wake })

  test('reaches the stream at once while it is short, and is left to the dispatcher when it is not', async () => {
    const ids = await submitMany(6)
    const announce = announcer()
    for (const id of ids) await announce(id, 'normal')
    expect(await announced()).toEqual(ids.slice(0, 4))
    expect((await readTask(jobs.sql, ids[3] ?? 0)).announced_at).not.toBeNull()
    expect((await readTask(jobs.sql, ids[4] ?? 0)).announced_at).toBeNull()
  })

  test('is left to the dispatcher while every slot has its entry, who is woken for high priority alone', async () => {
    await seen(2)
    const ids = await submitMany(3)
    const urgent = await submit(jobs.sql, { priority: 'high' })
    const announce = announcer()
    woken.length = 0
    for (const id of ids) await announce(id, 'normal')
    expect(woken).toEqual([])
    await announce(urgent.taskId, 'high')
    expect(woken).toEqual(['stepladder_dispatch'])
    expect(await announced()).toEqual(ids.slice(0, 2))
    await dispatch()
    expect((await announced())[0]).toBe(urgent.taskId)
  })

  test('does not fail the submission when Redis does not answer', async () => {
    const { taskId } = await submit(jobs.sql)
    const away = { ...jobs.stream, announce: () => Promise.reject(new Error('Redis is away')) }
    await announcer(away)(taskId, 'high')
    expect((await readTask(jobs.sql, taskId)).announced_at).toBeNull()
  })
})
