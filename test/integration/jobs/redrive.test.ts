import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { redriveVideo, redriveVideos } from '../../../src/jobs/redrive.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { seeWorker } from '../../../src/jobs/workers.ts'
import {
  aPlan,
  claim,
  commit,
  completeAll,
  type JobsUnderTest,
  planned,
  readState,
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
  await jobs.storage.remove((await jobs.storage.list('')).map((object) => object.key))
})

const failure = { code: 'object_missing', message: 'gone' }
const redriver = () => ({ sql: jobs.sql, storage: jobs.storage, maxSourceBytes: 1_000_000 })
const options = () => ({ contentType: 'video/mp4', signal: AbortSignal.timeout(10_000) })

/** A source in the bucket, and a video of it whose pins are right. */
async function sourced(key: string): Promise<void> {
  await jobs.storage.put(key, Buffer.from('a film'), options())
  const found = await jobs.storage.head(key)
  await jobs.sql`update videos set source_etag = ${found?.etag ?? ''}, source_size_bytes = ${found?.bytes ?? 0} where source_key = ${key}`
}

/** Puts every object that the rows name into the bucket. */
async function storeNamed(): Promise<void> {
  const named = await jobs.sql<{ key: string; bytes: number }[]>`
    select o.value ->> 'key' as key, (o.value ->> 'bytes')::int as bytes from segments s,
      lateral (select value from jsonb_each(s.objects -> 'tracks') union all select value from jsonb_each(s.objects -> 'inits')) o
    where o.value ->> 'key' is not null
    union all select mp4_key, mp4_size_bytes from resolutions where mp4_key is not null`
  await Promise.all(named.map(({ key, bytes }) => jobs.storage.put(key, Buffer.alloc(bytes), options())))
}

/** A video that failed at its finish, with everything it made in the bucket. */
async function failedAtFinish(): Promise<string> {
  const videoId = await planned(jobs.sql, { key: 'source/film' })
  await sourced('source/film')
  for (const kind of ['video', 'audio', 'mp4'] as const) await completeAll(jobs.sql, videoId, kind)
  const [finish] = await readTasks(jobs.sql, videoId, 'finish')
  await failTask(jobs.sql, await claim(jobs.sql, finish?.id ?? 0), failure)
  await storeNamed()
  return videoId
}

const states = async (videoId: string) =>
  (await readTasks(jobs.sql, videoId)).map((task) => `${task.kind} ${task.position} ${task.state}`)

describe('a redrive', () => {
  test('keeps all that lies in the bucket as the rows say', async () => {
    const videoId = await failedAtFinish()
    expect(await redriveVideo(redriver(), videoId)).toBe('retried')
    expect(await states(videoId)).toEqual([
      'plan 0 done',
      'video 0 done',
      'audio 0 done',
      'video 1 done',
      'mp4 0 done',
      'mp4 1 done',
      'finish 0 queued',
    ])
  })

  test('makes again what is missing or has another size, and that alone', async () => {
    const videoId = await failedAtFinish()
    const [object] = await jobs.sql<{ key: string }[]>`
      select o.value ->> 'key' as key from tasks t join segments s on s.task_id = t.id, lateral jsonb_each(s.objects -> 'tracks') o
      where t.kind = 'video' and t.position = 1 limit 1`
    const [mp4] = await jobs.sql<
      { mp4_key: string }[]
    >`select mp4_key from resolutions order by position limit 1`
    await jobs.storage.remove([object?.key ?? ''])
    await jobs.storage.put(mp4?.mp4_key ?? '', Buffer.alloc(5), options())
    await redriveVideo(redriver(), videoId)
    expect(await states(videoId)).toEqual([
      'plan 0 done',
      'video 0 done',
      'audio 0 done',
      'video 1 queued',
      'mp4 1 done',
    ])
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(3)
    await completeAll(jobs.sql, videoId, 'video')
    expect((await states(videoId)).slice(-2)).toEqual(['mp4 0 queued', 'mp4 1 done'])
    await completeAll(jobs.sql, videoId, 'mp4')
    expect((await states(videoId)).at(-1)).toBe('finish 0 queued')
  })

  test('of many goes on where one has no source any more', async () => {
    const gone = await submit(jobs.sql, { key: 'source/gone' })
    const there = await submit(jobs.sql, { key: 'source/there' })
    const running = await submit(jobs.sql)
    await sourced('source/there')
    for (const { videoId } of [gone, there]) await cancelVideo(jobs.sql, videoId)
    const ids = [gone, there, running].map((video) => video.videoId)
    const unknown = crypto.randomUUID()
    expect(await redriveVideos(redriver(), [...ids, unknown])).toMatchObject([
      { result: 'no_source', reason: expect.stringContaining('source/gone') },
      { result: 'retried' },
      { result: 'not_retryable' },
      { videoId: unknown, result: 'not_found' },
    ])
  })

  test('ends when the store is away, with the video as it was', async () => {
    const { videoId } = await submit(jobs.sql)
    await cancelVideo(jobs.sql, videoId)
    const head = () => Promise.reject(new Error('the store is away'))
    const away = { ...redriver(), storage: { head, list: jobs.storage.list } }
    await expect(redriveVideos(away, [videoId])).rejects.toThrow('away')
    expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'cancelled' })
  })
})

describe('a retry while every live worker has another ffmpeg', () => {
  const worker = (build: string) =>
    seeWorker(jobs.sql, { id: build, consumer: 'w', host: 'h', version: '1', build, slots: 1 }, false)
  const retry = (videoId: string) => retryVideo(jobs.sql, videoId, { changed: false })

  async function cancelledMidway(): Promise<string> {
    const videoId = await planned(jobs.sql)
    const [chunk] = await readTasks(jobs.sql, videoId, 'video')
    await commit(jobs.sql, await claim(jobs.sql, chunk?.id ?? 0), 0)
    await cancelVideo(jobs.sql, videoId)
    return videoId
  }

  test('starts over, for old and new pieces would not fit together', async () => {
    const videoId = await cancelledMidway()
    await worker('another')
    await retry(videoId)
    expect(await states(videoId)).toEqual(['plan 0 queued'])
    expect(await readState(jobs.sql, videoId)).toMatchObject({ generation: 2, status: 'queued' })
  })

  test('keeps the pieces when one worker has the old one, when none is there, and when all pieces are made', async () => {
    const first = await cancelledMidway()
    await retry(first)
    expect(await readState(jobs.sql, first)).toMatchObject({ generation: 1 })
    await worker('another')
    const made = await failedAtFinish()
    await retry(made)
    expect(await readState(jobs.sql, made)).toMatchObject({ generation: 1 })
    await worker(aPlan().build)
    const second = await cancelledMidway()
    await retry(second)
    expect(await readState(jobs.sql, second)).toMatchObject({ generation: 1 })
  })
})
