import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import type { ClaimedTask } from '../../../src/jobs/claim.ts'
import { commitSegment } from '../../../src/jobs/commit-segment.ts'
import { completeFinish, type Finished } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { expireSegments } from '../../../src/jobs/expire.ts'
import { garbageAmong } from '../../../src/jobs/garbage.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { lockVideo } from '../../../src/jobs/video-lock.ts'
import {
  aPlan,
  aSegment,
  claim,
  commit,
  complete,
  finishing,
  hold,
  type JobsUnderTest,
  leaseMs,
  planned,
  readState,
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

test('an expiry that waits behind a retry leaves the pieces which the retry goes on with', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1 })
  const task = await claimChunk(videoId)
  await commit(jobs.sql, task, 0)
  await cancelVideo(jobs.sql, videoId)
  await jobs.sql`update videos set completed_at = now() - interval '2 days'`
  const session = await lock(videoId)
  const retried = retryVideo(jobs.sql, videoId, { changed: false })
  await waiting(jobs.sql, 1)
  const expiry = expireSegments(jobs.sql, 1000)
  await waiting(jobs.sql, 2)
  await session.release()
  expect(await retried).toBe('retried')
  await expiry
  expect(await jobs.sql`select from segments`).toHaveLength(1)
})

test('a retry that waits behind an expiry makes everything anew', async () => {
  const videoId = await planned(jobs.sql, { chunks: 1, audio: 0 })
  await complete(jobs.sql, await claimChunk(videoId))
  await cancelVideo(jobs.sql, videoId)
  await jobs.sql`update videos set completed_at = now() - interval '2 days'`
  const session = await lock(videoId)
  const expiry = expireSegments(jobs.sql, 1000)
  await waiting(jobs.sql, 1)
  const retried = retryVideo(jobs.sql, videoId, { changed: false })
  await waiting(jobs.sql, 2)
  await session.release()
  await expiry
  expect(await retried).toBe('retried')
  expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'processing', tasks_done: 0 })
  expect(await readTasks(jobs.sql, videoId, 'video')).toMatchObject([{ state: 'queued' }])
  expect(await readTasks(jobs.sql, videoId, 'mp4')).toEqual([])
})

test('a segment that waits behind a deletion is refused', async () => {
  const task = await claimChunk(await planned(jobs.sql, { chunks: 1 }))
  const session = await hold(jobs.sql, (tx) => tx`delete from videos where id = ${task.videoId}`)
  const refused = expect(commit(jobs.sql, task, 0)).rejects.toMatchObject(fenced)
  await waiting(jobs.sql, 1)
  await session.release()
  await refused
  expect(await jobs.sql`select from segments`).toHaveLength(0)
})

test('a deletion that waits behind a segment takes the segment with it', async () => {
  const task = await claimChunk(await planned(jobs.sql, { chunks: 1 }))
  const session = await hold(jobs.sql, (tx) => commitSegment(tx, task, aSegment(task, 0), leaseMs))
  const removal = removeVideo(jobs.sql, task.videoId)
  await waiting(jobs.sql, 1)
  await session.release()
  expect(await removal).toBe(true)
  expect(await jobs.sql`select from segments`).toHaveLength(0)
})

test('an object is no garbage before, during and after the commit that names it', async () => {
  const task = await claimChunk(await planned(jobs.sql, { chunks: 1 }))
  const segment = aSegment(task, 0)
  const keys = Object.values(segment.objects.tracks).map(({ key }) => key)
  expect(await garbageAmong(jobs.sql, keys)).toEqual([])
  const session = await hold(jobs.sql, (tx) => commitSegment(tx, task, segment, leaseMs))
  expect(await garbageAmong(jobs.sql, keys)).toEqual([])
  await session.release(() => Promise.resolve())
  await cancelVideo(jobs.sql, task.videoId)
  expect(await garbageAmong(jobs.sql, keys)).toEqual([])
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

async function claimChunk(videoId: string): Promise<ClaimedTask> {
  const [row] = await readTasks(jobs.sql, videoId, 'video')
  return claim(jobs.sql, row?.id ?? 0)
}
