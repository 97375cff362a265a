import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { beatTask } from '../../../src/jobs/beat.ts'
import { claimTask } from '../../../src/jobs/claim.ts'
import { claimFetch } from '../../../src/jobs/claim-fetch.ts'
import { dispatchTasks, reconcileHints, returnHints } from '../../../src/jobs/dispatch.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import { releaseTask } from '../../../src/jobs/release.ts'
import { markAnnounced } from '../../../src/jobs/submit.ts'
import { lockVideo } from '../../../src/jobs/video-lock.ts'
import {
  claim,
  hold,
  type JobsUnderTest,
  leaseMs,
  planned,
  readState,
  readTask,
  readTasks,
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

const claimAs = (taskId: number, workerId: string) =>
  claimTask(jobs.sql, { taskId, workerId, entryId: '9-0', leaseMs })
const leaseIsOver = (taskId: number) =>
  jobs.sql`update tasks set lease_until = now() - interval '1 s' where id = ${taskId}`

test('of two claims in the same moment one gets the task', async () => {
  const { taskId } = await submit(jobs.sql)
  const session = await hold(jobs.sql, (tx) => tx`select from tasks where id = ${taskId} for no key update`)
  const claims = ['a', 'b'].map((workerId) => claimAs(taskId, workerId))
  await waiting(jobs.sql, 2)
  await session.release()
  expect((await Promise.all(claims)).filter((task) => task !== null)).toHaveLength(1)
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'running', fence: 1 })
})

test('a claim that waits behind a cancellation gets nothing', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set state = 'cancelled', fence = fence + 1 where id = ${taskId}`,
  )
  const claimed = claimAs(taskId, 'a')
  await waiting(jobs.sql, 1)
  await session.release((tx) => tx`update videos set status = 'cancelled' where id = ${videoId}`)
  expect(await claimed).toBeNull()
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'cancelled' })
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

test('the dispatcher passes over a task that is being claimed, and does not wait for it', async () => {
  const [claimed, waits] = [await submit(jobs.sql), await submit(jobs.sql)]
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set state = 'running', fence = fence + 1 where id = ${claimed.taskId}`,
  )
  expect(await unlessItWaits(dispatchTasks(jobs.sql, jobs.stream))).toBe(1)
  await session.release()
  expect(await readTask(jobs.sql, claimed.taskId)).toMatchObject({ announced_at: null, stream_id: null })
  expect((await readTask(jobs.sql, waits.taskId)).announced_at).not.toBeNull()
})

test('the reconciler passes over a task that is being claimed, and does not wait for it', async () => {
  const { taskId } = await submit(jobs.sql)
  await jobs.sql`update tasks set announced_at = now() - interval '1 h', stream_id = '1-0'`
  const session = await hold(jobs.sql, (tx) => tx`update tasks set state = 'running' where id = ${taskId}`)
  expect(await unlessItWaits(reconcileHints(jobs.sql, 1000))).toBe(0)
  await session.release()
})

test('a hint that was replaced meanwhile is not given back', async () => {
  const { taskId } = await submit(jobs.sql)
  await jobs.sql`update tasks set announced_at = now(), stream_id = '1-0'`
  const session = await hold(jobs.sql, (tx) => tx`update tasks set stream_id = '2-0' where id = ${taskId}`)
  const returned = returnHints(jobs.sql, ['1-0'])
  await waiting(jobs.sql, 1)
  await session.release()
  await returned
  const { stream_id, announced_at } = await readTask(jobs.sql, taskId)
  expect([stream_id, announced_at]).toEqual(['2-0', expect.any(Date)])
})

test('two couriers in the same moment take two fetches, and neither waits', async () => {
  await submit(jobs.sql, { url: 'http://example.org/1' })
  await submit(jobs.sql, { url: 'http://example.org/2' })
  const [first] = await jobs.sql<{ id: number }[]>`select id from tasks order by id`
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set state = 'running' where id = ${first?.id ?? 0}`,
  )
  const taken = await unlessItWaits(claimFetch(jobs.sql, { workerId: 'courier-b', leaseMs }))
  await session.release()
  expect(taken).toMatchObject({ kind: 'fetch', input: { url: 'http://example.org/2' } })
})

test('the reaper passes over a task that is beating, and does not wait for it', async () => {
  const { taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId)
  await leaseIsOver(taskId)
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set lease_until = clock_timestamp() + interval '20 s' where id = ${taskId}`,
  )
  expect(await unlessItWaits(reapTasks(jobs.sql, leaseMs))).toBe(0)
  await session.release()
  expect(await beatTask(jobs.sql, task, leaseMs)).toBe(true)
})

test('a beat that waits behind the reaper finds its task gone, and so does a release', async () => {
  const { taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId)
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set state = 'queued', fence = fence + 1, crashes = 1 where id = ${taskId}`,
  )
  const beat = beatTask(jobs.sql, task, leaseMs)
  const refused = expect(releaseTask(jobs.sql, task, { reason: 'drain', delayMs: 0 })).rejects.toMatchObject({
    code: 'fenced',
  })
  await waiting(jobs.sql, 2)
  await session.release()
  expect(await beat).toBe(false)
  await refused
  expect(await readTask(jobs.sql, taskId)).toMatchObject({
    state: 'queued',
    crashes: 1,
    lease_until: expect.any(Date),
  })
})

test("a beat that waits behind a new claim is not the new owner's", async () => {
  const { taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId)
  const session = await hold(jobs.sql, (tx) => tx`update tasks set fence = fence + 2 where id = ${taskId}`)
  const beat = beatTask(jobs.sql, task, leaseMs)
  await waiting(jobs.sql, 1)
  await session.release()
  expect(await beat).toBe(false)
})

test.each([
  [
    'a beat',
    (taskId: number) => jobs.sql`update tasks set lease_until = now() + interval '1 h' where id = ${taskId}`,
  ],
  ['a new claim', (taskId: number) => jobs.sql`update tasks set fence = fence + 2 where id = ${taskId}`],
])('a task taken for poison is left alone when %s comes first', async (_, happens) => {
  const videoId = await planned(jobs.sql, { chunks: 1 })
  const [row] = await readTasks(jobs.sql, videoId, 'video')
  const { taskId } = await claim(jobs.sql, row?.id ?? 0)
  await jobs.sql`update tasks set crashes = 2 where id = ${taskId}`
  await leaseIsOver(taskId)
  const session = await hold(jobs.sql, (tx) => lockVideo(tx, videoId))
  const reaped = reapTasks(jobs.sql, leaseMs)
  await waiting(jobs.sql, 1)
  await happens(taskId)
  await session.release()
  expect(await reaped).toBe(0)
  expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'processing' })
})

test('a mark that comes after its task ran and was put off announces nothing', async () => {
  const { taskId } = await submit(jobs.sql)
  const task = await claim(jobs.sql, taskId, { entryId: '1-0' })
  await releaseTask(jobs.sql, task, { reason: 'retry', delayMs: 60_000 })
  await markAnnounced(jobs.sql, taskId, '1-0')
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'queued', announced_at: null })
})

test('a mark that waits behind the dispatcher leaves the mark that it finds', async () => {
  const { taskId } = await submit(jobs.sql)
  const session = await hold(
    jobs.sql,
    (tx) => tx`update tasks set announced_at = now(), stream_id = '2-0' where id = ${taskId}`,
  )
  const marked = markAnnounced(jobs.sql, taskId, '1-0')
  await waiting(jobs.sql, 1)
  await session.release()
  await marked
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ stream_id: '2-0' })
})

/** What the pass answers, or that it waits for somebody's lock. */
async function unlessItWaits<T>(pass: Promise<T>): Promise<T | 'it waits'> {
  const waits = waiting(jobs.sql, 1).then(
    () => 'it waits' as const,
    () => pass,
  )
  return Promise.race([pass, waits])
}
