import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { discardUpload, expireUploads } from '../../../src/jobs/close-upload.ts'
import { collectGarbage } from '../../../src/jobs/collect.ts'
import { abortLostUploads } from '../../../src/jobs/collect-uploads.ts'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { sweepBucket } from '../../../src/jobs/sweep.ts'
import {
  aSegment,
  claim,
  commit,
  type JobsUnderTest,
  planned,
  readTasks,
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(async () => {
  await jobs.reset()
  await jobs.storage.remove(await stored())
})

const begin = () => createUpload(jobs.sql, 3_600)
const age = () => jobs.sql`update uploads set expires_at = now() - interval '1 s'`
const expire = () => expireUploads(jobs.sql)
const collect = () => collectGarbage(jobs.sql, jobs.storage)
const due = () => jobs.sql`update collections set due_at = now()`
const rows = async () => (await jobs.sql`select from uploads`).length
const stored = async () => (await jobs.storage.list('')).map((object) => object.key).sort()

async function put(key: string): Promise<void> {
  const options = { contentType: 'text/plain', signal: AbortSignal.timeout(10_000) }
  await jobs.storage.put(key, Buffer.from(key), options)
}

async function send(
  method: 'POST' | 'PUT',
  key: string,
  query: Record<string, string>,
  body = '',
): Promise<string> {
  const url = await jobs.storage.presignUpload(key, 60, { method, query })
  const response = await fetch(url, { method, body })
  expect(response.status).toBe(200)
  return response.text()
}

/** An upload in parts with one part, as a page leaves it that is closed. */
async function sendPart(key: string): Promise<string> {
  const uploadId = /<UploadId>([^<]+)</.exec(await send('POST', key, { uploads: '' }))?.[1] ?? ''
  await send('PUT', key, { uploadId, partNumber: '1' }, 'the first part')
  return uploadId
}

const parts = async (...keys: string[]) => {
  const open = await Promise.all(keys.map((key) => jobs.storage.listUploads(key)))
  return open.map((uploads) => uploads.length)
}

describe('the parts of an upload', () => {
  test('are kept while it waits, and go when it expires', async () => {
    const [waiting, given] = [await begin(), await begin()]
    await jobs.sql`update uploads set expires_at = now() - interval '1 s' where id = ${given.id}`
    await Promise.all([waiting, waiting, given, given].map(({ key }) => sendPart(key)))
    expect(await abortLostUploads(jobs.sql, jobs.storage)).toBe(0)
    await expire()
    await collect()
    expect(await parts(waiting.key, given.key)).toEqual([2, 0])
  })

  test('go with an upload that was deleted, as its object does', async () => {
    const { id, key } = await begin()
    await sendPart(key)
    await put(key)
    await discardUpload(jobs.sql, id)
    expect(await collect()).toBe(1)
    expect([await parts(key), await stored()]).toEqual([[0], []])
  })

  test('that were begun beside the object go when the upload is over, and a video keeps the object', async () => {
    const { key } = await begin()
    await sendPart(key)
    await put(key)
    await submit(jobs.sql, { key })
    await age()
    await expire()
    expect(await collect()).toBe(0)
    expect([await parts(key), await stored()]).toEqual([[0], [key]])
  })

  test('that come after the collector was there go with the next pass', async () => {
    const { id, key } = await begin()
    await discardUpload(jobs.sql, id)
    await collect()
    await sendPart(key)
    expect(await abortLostUploads(jobs.sql, jobs.storage)).toBe(1)
    expect(await parts(key)).toEqual([0])
  })
})

test('a second upload of an object that a row names goes when the run is over, and the object stays', async () => {
  const videoId = await planned(jobs.sql)
  const [chunk] = await readTasks(jobs.sql, videoId, 'video')
  const task = await claim(jobs.sql, chunk?.id ?? 0)
  await commit(jobs.sql, task, 0)
  const key = aSegment(task, 0).objects.tracks['360p']?.key ?? ''
  await put(key)
  await sendPart(key)
  expect(await abortLostUploads(jobs.sql, jobs.storage)).toBe(0)
  await jobs.sql`update tasks set state = 'queued' where id = ${task.taskId}`
  expect(await abortLostUploads(jobs.sql, jobs.storage)).toBe(1)
  expect([await parts(key), await stored()]).toEqual([[0], [key]])
})

describe('what somebody puts below source/ by a client of their own', () => {
  test('is never touched: objects, parts and keys like ours', async () => {
    const theirs = ['source/film.mp4', `source/${crypto.randomUUID()}`, `source/${crypto.randomUUID()}/film`]
    await Promise.all(theirs.flatMap((key) => [put(key), sendPart(key)]))
    const { id } = await begin()
    await discardUpload(jobs.sql, id)
    await age()
    await expire()
    await collect()
    await abortLostUploads(jobs.sql, jobs.storage)
    await sweepBucket(jobs.sql, jobs.storage, '')
    expect(await parts(...theirs)).toEqual([1, 1, 1])
    expect(await stored()).toEqual([...theirs, 'stepladder/installation'].sort())
  })

  test('keeps its parts when a video of its object is deleted', async () => {
    const { key } = { key: 'source/film.mov' }
    await put(key)
    await sendPart(key)
    const { videoId } = await submit(jobs.sql, { key })
    await jobs.sql`delete from videos where id = ${videoId}`
    await jobs.sql`insert into collections (prefix, due_at) values (${key}, now())`
    await jobs.sql`delete from sources`
    expect(await collect()).toBe(1)
    expect(await parts(key)).toEqual([1])
  })
})

test('the row of an upload stays for a week, and until the collector was there twice', async () => {
  const { key } = await begin()
  await sendPart(key)
  await age()
  await expire()
  await jobs.sql`update uploads set closed_at = now() - interval '8 days'`
  await expire()
  expect(await rows()).toBe(1)
  await collect()
  expect(await parts(key)).toEqual([0])
  await expire()
  expect(await rows()).toBe(1)
  await due()
  await collect()
  await expire()
  expect(await rows()).toBe(0)
})

test('a store that is away when an upload expires leaves its collection due', async () => {
  const { key } = await begin()
  await sendPart(key)
  await age()
  await expire()
  const away = { ...jobs.storage, listUploads: () => Promise.reject(new Error('the store is away')) }
  await expect(collectGarbage(jobs.sql, away)).rejects.toThrow('away')
  expect(await parts(key)).toEqual([1])
  await collect()
  expect(await parts(key)).toEqual([0])
})
