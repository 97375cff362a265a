import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createProgress, type Progress } from '../../../src/progress/report.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { insertVideo } from './rows.ts'

let api: ApiUnderTest
let worker: Progress
beforeAll(async () => {
  api = await startApi({ pollMs: 100, resyncMs: 500 })
  worker = createProgress(api.redis, api.names)
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(() => api.sql`delete from videos`)

const open = (query: string) => openEvents(`${api.url}/progress?${query}`)

async function end(id: string): Promise<void> {
  await api.sql`update videos set status = 'completed', updated_at = now(), completed_at = now() where id = ${id}`
  await worker.ended(id, { status: 'completed' })
}

test('who asks for some videos is told of those alone, and that another one does not exist', async () => {
  const wanted = await insertVideo(api.sql)
  const other = await insertVideo(api.sql)
  const unknown = randomUUID()
  await using events = await open(`ids=${unknown},${wanted.toUpperCase()},${wanted}`)
  expect(await events.next()).toMatchObject({ event: 'deleted', data: { video_id: unknown } })
  expect((await events.next()).data).toMatchObject({ video_id: wanted, status: 'queued' })
  await end(other)
  await end(wanted)
  // The other one would have come first.
  expect((await events.next()).data).toMatchObject({ video_id: wanted, status: 'completed' })
})

test('who asks for a status is told of videos in it, and once more of one that leaves it', async () => {
  const queued = await insertVideo(api.sql)
  const processing = await insertVideo(api.sql, { status: 'processing' })
  await using events = await open('status=queued')
  expect((await events.next()).data).toMatchObject({ video_id: queued, status: 'queued' })
  await end(processing)
  await end(queued)
  expect((await events.next()).data).toMatchObject({ video_id: queued, status: 'completed' })
})

test.each([
  'ids=1',
  `ids=${Array.from({ length: 101 }, () => randomUUID()).join(',')}`,
  'status=done',
  'id=1',
  'ids=',
])('a query that means nothing is refused: %.40s', async (query) => {
  const { status, body } = await api.ask(`/progress?${query}`)
  expect([status, body.code]).toEqual([422, 'invalid_request'])
})
