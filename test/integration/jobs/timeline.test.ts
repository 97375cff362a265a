import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { StderrTail, TransientError } from '../../../src/errors.ts'
import { reachNothing } from '../../../src/failpoints.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { readTimeline } from '../../../src/jobs/read-timeline.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import { replanVideo } from '../../../src/jobs/replan.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { createProgress } from '../../../src/progress/report.ts'
import { DrainedError, settleFailure } from '../../../src/runs/settle-failure.ts'
import {
  claim,
  completeAll,
  type JobsUnderTest,
  leaseMs,
  letReap,
  planned,
  readTask,
  readTasks,
  startJobs,
} from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

/** A run of the task that ends by this error; it is claimed again at once, whatever the pause. */
async function endBy(taskId: number, error: unknown): Promise<void> {
  const { sql, redis, names } = jobs
  const context = {
    sql,
    config: { MAX_ATTEMPTS: 5, RETRY_BASE_MS: 1 },
    progress: createProgress(redis, names),
    log: searchedLog('api'),
    reach: reachNothing,
    report: () => {},
  }
  await settleFailure(context, await claim(sql, taskId), error)
  await sql`update tasks set run_at = now() where id = ${taskId}`
}

async function loseRun(taskId: number): Promise<void> {
  await claim(jobs.sql, taskId)
  await jobs.sql`update tasks set lease_until = now() - interval '1 s' where id = ${taskId}`
  await letReap(jobs.sql)
  expect(await reapTasks(jobs.sql, leaseMs)).toBe(1)
}

const runsOf = async (videoId: string, taskId: number) =>
  ((await readTimeline(jobs.sql, videoId)) ?? [])
    .filter(({ kind, data }) => kind === 'run' && data.task_id === taskId)
    .map(({ data }) => [data.attempt, data.crashes, data.outcome, data.error])

test('each run of a task is told with its attempt, its crashes, its end and what ffmpeg said', async () => {
  const videoId = await planned(jobs.sql)
  const [{ id = 0 } = {}] = await readTasks(jobs.sql, videoId, 'video')
  const crashed = new TransientError('ffmpeg_crashed', 'it crashed', { cause: new StderrTail('bad luck') })
  await endBy(id, crashed)
  await loseRun(id)
  await endBy(id, new DrainedError('the worker is stopping'))
  await endBy(id, new TransientError('out_of_disk', 'it is full'))
  await endBy(id, Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }))
  await endBy(id, new Error('nobody expected this'))
  await claim(jobs.sql, id)

  const failure = { code: 'ffmpeg_crashed', message: 'it crashed', stderr: 'bad luck' }
  expect(await runsOf(videoId, id)).toEqual([
    [0, 0, 'retried', failure],
    [1, 0, 'lost', null],
    [1, 1, 'released', null],
    [1, 1, 'released', { code: 'out_of_disk', message: 'it is full' }],
    [1, 1, 'released', { code: 'database_unavailable', message: 'gone' }],
    [1, 1, 'retried', { code: 'internal_error', message: 'nobody expected this' }],
    [2, 1, null, null],
  ])
})

test('a full disk spends no attempt, however long it lasts', async () => {
  const videoId = await planned(jobs.sql)
  const [{ id = 0 } = {}] = await readTasks(jobs.sql, videoId, 'video')
  for (let time = 0; time < 6; time++) await endBy(id, new TransientError('out_of_disk', 'it is full'))
  expect(await readTask(jobs.sql, id)).toMatchObject({ state: 'queued', attempt: 0 })
})

test('the runs of tasks that a new plan replaces stay in the timeline, the open ones closed', async () => {
  const videoId = await planned(jobs.sql, { chunks: 2 })
  const [first, second] = await readTasks(jobs.sql, videoId, 'video')
  const owned = await claim(jobs.sql, first?.id ?? 0)
  await claim(jobs.sql, second?.id ?? 0)
  const reason = { code: 'init_mismatch', message: 'two builds', stderr: 'x264 core 164' }
  await replanVideo(jobs.sql, owned, reason)

  expect(await jobs.sql`select kind from tasks where video_id = ${videoId}`).toEqual([{ kind: 'plan' }])
  expect(await runsOf(videoId, first?.id ?? 0)).toEqual([[0, 0, 'failed', reason]])
  expect(await runsOf(videoId, second?.id ?? 0)).toEqual([[0, 0, 'cancelled', null]])
  const kinds = (await readTimeline(jobs.sql, videoId))?.map(({ kind }) => kind)
  expect(kinds).toEqual(['submitted', 'run', 'planned', 'run', 'run', 'replanned'])
  const numbers = await jobs.sql`select seq from events where video_id = ${videoId} order by seq`
  expect(numbers.map(({ seq }) => seq)).toEqual(numbers.map((_, index) => index + 1))
})

test('the runs of a check that a retry begins anew stay in the timeline', async () => {
  const videoId = await planned(jobs.sql)
  for (const kind of ['video', 'audio', 'mp4'] as const) await completeAll(jobs.sql, videoId, kind)
  const [{ id = 0 } = {}] = await readTasks(jobs.sql, videoId, 'finish')
  await failTask(jobs.sql, await claim(jobs.sql, id), { code: 'object_missing', message: 'one is gone' })
  expect(await retryVideo(jobs.sql, videoId, { changed: false })).toBe('retried')
  expect(await runsOf(videoId, id)).toEqual([
    [0, 0, 'failed', { code: 'object_missing', message: 'one is gone' }],
  ])
})
