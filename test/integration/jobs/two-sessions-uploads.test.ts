import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Query } from '../../../src/db.ts'
import { discardUpload, expireUploads } from '../../../src/jobs/close-upload.ts'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { garbageAmong } from '../../../src/jobs/garbage.ts'
import { prolongUpload } from '../../../src/jobs/prolong-upload.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { submitVideo } from '../../../src/jobs/submit.ts'
import { jobOptionsSchema } from '../../../src/media/plan/job-options.ts'
import { hold, type JobsUnderTest, startJobs, submit, waiting } from '../../support/jobs-under-test.ts'

// Each of these holds the row of an upload, lets others run into it, and looks at what they do once it is free.
let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const begin = () => createUpload(jobs.sql, 3_600)
const age = () => jobs.sql`update uploads set expires_at = now() - interval '1 s'`
const close = (sql: Query) => sql`update uploads set closed_at = now()`
const lock = () => hold(jobs.sql, (tx) => tx`select from uploads for update`)
const isGarbage = async (key: string) => (await garbageAmong(jobs.sql, [key])).length > 0
const closed = async () => (await jobs.sql`select from uploads where closed_at is not null`).length
const sources = async () => (await jobs.sql`select from sources`).length

/** A job that is made of an upload and not committed yet. */
function submitting(key: string) {
  const source = { kind: 'key' as const, key, etag: 'etag-1', bytes: 9 }
  const job = { id: crypto.randomUUID(), title: null, priority: 'normal' as const, metadata: {}, source }
  return hold(jobs.sql, (tx) => submitVideo(tx, { ...job, options: jobOptionsSchema.parse({}) }))
}

test('a job that waits behind the deletion of its upload is refused, so that its object may go', async () => {
  const { key } = await begin()
  const session = await lock()
  const refused = expect(submit(jobs.sql, { key })).rejects.toMatchObject({ code: 'source_not_found' })
  await waiting(jobs.sql, 1)
  await session.release(close)
  await refused
  expect([await sources(), await isGarbage(key)]).toEqual([0, true])
})

test('a deletion that waits behind a job of the upload is refused, and the object stays', async () => {
  const { id, key } = await begin()
  const session = await submitting(key)
  const refused = expect(discardUpload(jobs.sql, id)).rejects.toMatchObject({ code: 'upload_in_use' })
  await waiting(jobs.sql, 1)
  await session.release()
  await refused
  expect([await closed(), await isGarbage(key)]).toEqual([0, false])
})

test('an expiry leaves an upload alone that a job is being made of, and its object afterwards too', async () => {
  const { key } = await begin()
  await age()
  // A job that came in time: it has the row, as `submitVideo` takes it, and has not committed.
  const session = await hold(jobs.sql, async (tx) => {
    await tx`select from uploads for share`
    await tx`insert into sources (key) values (${key})`
  })
  await expireUploads(jobs.sql)
  expect(await closed()).toBe(0)
  await session.release()
  await expireUploads(jobs.sql)
  expect([await closed(), await isGarbage(key)]).toEqual([1, false])
})

test('an expiry that meets a signature for the last part leaves the upload open', async () => {
  const { id } = await begin()
  await age()
  const later = (sql: Query) => sql`update uploads set expires_at = now() + interval '1 h'`
  const session = await hold(jobs.sql, later)
  await expireUploads(jobs.sql)
  await session.release()
  await expireUploads(jobs.sql)
  expect(await closed()).toBe(0)
  expect(await prolongUpload(jobs.sql, id, 60)).toMatchObject({ key: `source/${id}` })
})

test('a signature that waits behind the expiry is refused', async () => {
  const { id } = await begin()
  const session = await lock()
  const refused = expect(prolongUpload(jobs.sql, id, 60)).rejects.toMatchObject({ code: 'upload_expired' })
  await waiting(jobs.sql, 1)
  await session.release(close)
  await refused
})

test('of two deletions at once one closes the upload and both are fine', async () => {
  const { id } = await begin()
  const session = await lock()
  const both = Promise.all([discardUpload(jobs.sql, id), discardUpload(jobs.sql, id)])
  await waiting(jobs.sql, 2)
  await session.release()
  await both
  expect(await closed()).toBe(1)
})

test('a job that waits behind the deletion of the last video of an upload is refused', async () => {
  const { key } = await begin()
  const { videoId } = await submit(jobs.sql, { key })
  const session = await lock()
  const removal = removeVideo(jobs.sql, videoId)
  await waiting(jobs.sql, 1)
  const refused = expect(submit(jobs.sql, { key })).rejects.toMatchObject({ code: 'source_not_found' })
  await waiting(jobs.sql, 2)
  await session.release()
  expect(await removal).toBe(true)
  await refused
  expect([await sources(), await isGarbage(key)]).toEqual([0, true])
})

test('a job that overtakes the deletion of the last video of its upload keeps the source, and neither waits for the other', async () => {
  const { key } = await begin()
  const { videoId } = await submit(jobs.sql, { key })
  // Another job that is about to end: it holds up the deletion, and no further job.
  const session = await hold(jobs.sql, (tx) => tx`select from uploads for share`)
  const removal = removeVideo(jobs.sql, videoId)
  await waiting(jobs.sql, 1)
  await submit(jobs.sql, { key })
  await session.release()
  expect(await removal).toBe(true)
  expect([await closed(), await sources(), await isGarbage(key)]).toEqual([0, 1, false])
})

test('twenty jobs of one upload at once are twenty videos', async () => {
  const { key } = await begin()
  await Promise.all(Array.from({ length: 20 }, () => submit(jobs.sql, { key })))
  expect(await jobs.sql`select from videos`).toHaveLength(20)
})
