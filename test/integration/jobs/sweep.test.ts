import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expireUploads } from '../../../src/jobs/close-upload.ts'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { contentKey, fetchedKey } from '../../../src/jobs/object-keys.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { sweepBucket } from '../../../src/jobs/sweep.ts'
import { claim, type JobsUnderTest, startJobs, submit } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(async () => {
  await jobs.reset()
  await jobs.storage.remove(await stored())
})

const marker = 'stepladder/installation'
const stored = async () => (await jobs.storage.list('')).map((object) => object.key).sort()
const sweep = (place = '') => sweepBucket(jobs.sql, jobs.storage, place)

async function put(...keys: string[]): Promise<void> {
  const options = { contentType: 'text/plain', signal: AbortSignal.timeout(10_000) }
  await Promise.all(keys.map((key) => jobs.storage.put(key, Buffer.from(key), options)))
}

test('the sweep removes what late runs wrote, also of videos that nobody remembers, and nothing else', async () => {
  const { videoId, taskId } = await submit(jobs.sql)
  const running = await claim(jobs.sql, taskId)
  const gone = { taskId: 7, videoId: crypto.randomUUID(), fence: 3 }
  const kept = [
    contentKey(running, 'now', 'a'.repeat(64), 'm4s'),
    `source/${videoId}`,
    `source/${crypto.randomUUID()}`,
    'source/film.mp4',
    `source/${'-'.repeat(36)}/t1/f1/x`,
    'processed/notes.txt',
    'else/where',
  ]
  const late = contentKey({ ...running, fence: running.fence - 1 }, 'late', 'b'.repeat(64), 'm4s')
  await put(...kept, late, fetchedKey(gone), contentKey(gone, '360p-0', 'c'.repeat(64), 'm4s'))
  expect(await sweep()).toEqual({ place: '', removed: 3 })
  expect(await stored()).toEqual([...kept, marker].sort())
})

test('an upload that is sent after its video was deleted goes, although nothing names it', async () => {
  const upload = await createUpload(jobs.sql, 3_600)
  const { videoId } = await submit(jobs.sql, { key: upload.key })
  await removeVideo(jobs.sql, videoId)
  await jobs.sql`delete from collections`
  const waiting = await createUpload(jobs.sql, 3_600)
  await put(upload.key, waiting.key)
  expect((await sweep()).removed).toBe(1)
  expect(await stored()).toEqual([waiting.key, marker].sort())

  await jobs.sql`update uploads set expires_at = now() - interval '2 h'`
  await expireUploads(jobs.sql)
  await jobs.sql`delete from collections`
  expect((await sweep()).removed).toBe(1)
  await jobs.sql`update uploads set closed_at = now() - interval '8 days'`
  await expireUploads(jobs.sql)
  expect(await jobs.sql`select from uploads`).toHaveLength(0)
})

test('the sweep goes on where the page before ended, and from the beginning after the last', async () => {
  const keys = [1, 2, 3, 4, 5].map((n) =>
    contentKey({ taskId: n, videoId: crypto.randomUUID(), fence: 1 }, 'x', 'd', 'x'),
  )
  await put('a/1', 'a/2', ...keys)
  const byTwo = {
    ...jobs.storage,
    listPage: (after: string) => jobs.storage.listPage(after, 2),
  }
  const left: number[] = []
  let place = ''
  for (let page = 0; page < 4; page++) {
    place = (await sweepBucket(jobs.sql, byTwo, place)).place
    left.push((await stored()).filter((key) => key.startsWith('processed/')).length)
  }
  expect({ left, place }).toEqual({ left: [5, 3, 1, 0], place: '' })
})

test('a bucket of another database is not touched, though all its objects look forgotten', async () => {
  const key = contentKey({ taskId: 1, videoId: crypto.randomUUID(), fence: 1 }, 'x', 'd', 'x')
  await sweep()
  await put(key)
  await jobs.sql`update maintenance set installation = gen_random_uuid()`
  await expect(sweep()).rejects.toMatchObject({ code: 'foreign_bucket' })
  expect(await stored()).toContain(key)
})
