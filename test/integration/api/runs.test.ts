import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { json } from '../../../src/db.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { insertTask, insertVideo } from './rows.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  await api.sql`delete from videos`
})

async function insertRun(
  taskId: number,
  run: { fence: number; outcome?: string; at?: string; error?: Record<string, string> },
): Promise<void> {
  const { fence, outcome = null, at = '2026-01-01T00:00:00.123456Z', error } = run
  await api.sql`
    insert into task_runs (task_id, fence, worker_id, first_idx, attempt, crashes, started_at, ended_at, outcome, error)
    values (${taskId}, ${fence}, 'w1', 0, 0, 0, ${at}::text::timestamptz, ${outcome && api.sql`clock_timestamp()`}, ${outcome},
            ${error ? json(api.sql, error) : null})`
}

const runsOf = async (id: string, query = '') => (await api.ask(`/videos/${id}/runs${query}`)).body

test('the runs of a video come in pages, each once and the latest first, also those of one instant', async () => {
  const videoId = await insertVideo(api.sql, { status: 'processing' })
  const taskId = await insertTask(api.sql, { videoId, kind: 'video', position: 3 })
  for (let fence = 1; fence <= 5; fence++) await insertRun(taskId, { fence, outcome: 'lost' })
  const seen: number[] = []
  let cursor: string | null = null
  do {
    const page = await runsOf(videoId, `?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
    seen.push(...page.runs.map(({ fence }: { fence: number }) => fence))
    cursor = page.next_cursor
  } while (cursor)
  expect(seen).toEqual([5, 4, 3, 2, 1])
  const [run] = (await runsOf(videoId)).runs
  expect(run).toMatchObject({
    task_id: taskId,
    task: 'video',
    position: 3,
    worker: 'w1',
    outcome: 'lost',
    error: null,
  })
})

test('they can be asked for by outcome, and those that go on as running', async () => {
  const videoId = await insertVideo(api.sql, { status: 'processing' })
  const taskId = await insertTask(api.sql, { videoId, kind: 'video' })
  await insertRun(taskId, { fence: 1, outcome: 'done' })
  await insertRun(taskId, { fence: 2, outcome: 'lost' })
  await insertRun(taskId, { fence: 3, outcome: 'failed' })
  await insertRun(taskId, { fence: 4 })
  const fences = async (query: string) =>
    (await runsOf(videoId, query)).runs.map(({ fence }: { fence: number }) => fence)
  expect(await fences('?outcome=running')).toEqual([4])
  expect(await fences('?outcome=failed,lost')).toEqual([3, 2])
  expect(await fences('?outcome=failed,lost&limit=1')).toEqual([3])
})

test('what a media program said comes without addresses and signatures, whoever wrote the row', async () => {
  const videoId = await insertVideo(api.sql, { status: 'failed', error: ['ffmpeg_failed', 'no'] })
  const taskId = await insertTask(api.sql, { videoId, kind: 'video' })
  const address = 'http://10.0.0.7:9000/videos/source/1?X-Amz-Signature=deadbeef&X-Amz-Credential=key'
  const error = {
    code: 'ffmpeg_failed',
    message: `cannot open ${address}`,
    stderr: `${address}: Server returned 403`,
  }
  await insertRun(taskId, { fence: 1, outcome: 'failed', error })
  const [run] = (await runsOf(videoId)).runs
  expect(run.error.stderr).toBe('<store>/videos/source/1: Server returned 403')
  expect(JSON.stringify(run)).not.toMatch(/deadbeef|10\.0\.0\.7|X-Amz/)
})

test('the runs of tasks that a retry made anew stay among them, and out of the plain events', async () => {
  const videoId = await insertVideo(api.sql, { status: 'failed', error: ['object_missing', 'gone'] })
  const taskId = await insertTask(api.sql, { videoId, kind: 'finish', state: 'failed' })
  await insertRun(taskId, { fence: 7, outcome: 'failed', error: { code: 'object_missing', message: 'gone' } })
  expect(await retryVideo(api.sql, videoId, { changed: true, etag: 'new', bytes: 9 })).toBe('retried')
  const { runs } = await runsOf(videoId, '?outcome=failed')
  expect(runs).toMatchObject([
    { task_id: taskId, fence: 7, task: 'finish', error: { code: 'object_missing' } },
  ])

  const kinds = async (query: string) =>
    (await api.ask(`/videos/${videoId}/events${query}`)).body.events.map(({ kind }: { kind: string }) => kind)
  expect(await kinds('')).toEqual(['run', 'retried'])
  expect(await kinds('?runs=false')).toEqual(['retried'])
  expect((await api.ask(`/videos/${videoId}/events?runs=no`)).body.errors[0].path).toBe('runs')
})

test.each([
  ['outcome=', 'outcome.0'],
  ['outcome=done,broken', 'outcome.1'],
  ['outcome=done&outcome=lost', 'outcome'],
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['cursor=abc', 'cursor'],
  [`cursor=${Buffer.from('["2026-01-01T00:00:00.123456Z",1]').toString('base64url')}`, 'cursor'],
  // PostgreSQL has no year 0.
  [`cursor=${Buffer.from('["0000-01-01T00:00:00.123456Z",1,1]').toString('base64url')}`, 'cursor'],
  ['page=2', 'page'],
])('a query of ?%s is refused', async (query, path) => {
  const id = await insertVideo(api.sql)
  const { status, body } = await api.ask(`/videos/${id}/runs?${query}`)
  expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', path])
})
