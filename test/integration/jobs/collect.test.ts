import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { expireUploads } from '../../../src/jobs/close-upload.ts'
import { collectGarbage } from '../../../src/jobs/collect.ts'
import { completeFinish } from '../../../src/jobs/complete-finish.ts'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { expireSegments } from '../../../src/jobs/expire.ts'
import { contentKey, streamedKey } from '../../../src/jobs/object-keys.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { scheduleCollection } from '../../../src/jobs/video-lock.ts'
import {
  aSegment,
  claim,
  commit,
  complete,
  completeAll,
  finishing,
  type JobsUnderTest,
  planned,
  readState,
  readTask,
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

const collect = () => collectGarbage(jobs.sql, jobs.storage)
const stored = async () => (await jobs.storage.list('')).map((object) => object.key).sort()

async function put(...keys: string[]): Promise<void> {
  const options = { contentType: 'text/plain', signal: AbortSignal.timeout(10_000) }
  await Promise.all(keys.map((key) => jobs.storage.put(key, Buffer.from(key), options)))
}

const keysOf = (segment: ReturnType<typeof aSegment>) =>
  [...Object.values(segment.objects.tracks), ...Object.values(segment.objects.inits)].flatMap(
    ({ key }) => key ?? [],
  )

async function runningChunk() {
  const videoId = await planned(jobs.sql, { chunks: 1, rungs: 1, audio: 0 })
  const [chunk] = await readTasks(jobs.sql, videoId, 'video')
  return claim(jobs.sql, chunk?.id ?? 0)
}

const schedule = (videoId: string) => scheduleCollection(jobs.sql, `processed/${videoId}/`)
const due = () => jobs.sql`update collections set due_at = now()`

describe('an object', () => {
  test('that a segment names is kept, and one that nothing names goes', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    await jobs.sql`update tasks set state = 'queued' where id = ${task.taskId}`
    const kept = keysOf(aSegment(task, 0))
    await put(...kept, contentKey(task, '360p-00001', 'f'.repeat(64), 'm4s'))
    await schedule(task.videoId)
    expect(await collect()).toBe(1)
    expect(await stored()).toEqual(kept.sort())
  })

  test('of a running task is kept before any row names it, one of its earlier run is not', async () => {
    const task = await runningChunk()
    const mine = contentKey(task, '360p-00000', 'f'.repeat(64), 'm4s')
    await put(mine, contentKey({ ...task, fence: task.fence - 1 }, '360p-00000', 'f'.repeat(64), 'm4s'))
    await schedule(task.videoId)
    await collect()
    expect(await stored()).toEqual([mine])
  })

  test('of a completed video is kept when its rows name it: playlists, inits, segments, MP4s and pictures', async () => {
    const task = await finishing(jobs.sql)
    const key = (name: string) => contentKey(task, name, 'e'.repeat(64), 'x')
    const init = { bytes: 1, sha256: 'c', codec: 'avc1.64001f', timescale: 15_360 }
    const numbers = { codec: 'a', averageBps: 1, peakBps: 2, bytes: 3, frames: 4, durationS: 5 }
    const size = { width: 160, height: 90, columns: 10, rows: 10 }
    const storyboard = { ...size, pictures: 101, every_s: 2, duration_s: 201 }
    const track = (name: string) => ({
      name,
      ...numbers,
      init: { ...init, key: key(`${name}-init`) },
      segments: [{ key: key(`${name}-0`), bytes: 2, sha256: 'd', duration: 6 }],
      playlistKey: key(`${name}-list`),
    })
    const rung = (name: string) => {
      const iframes = { playlistKey: key(`${name}-iframes`), averageBps: 1, peakBps: 2 }
      return { ...track(name), iframes }
    }
    await completeFinish(jobs.sql, task, {
      renditions: [rung('360p'), rung('300p')],
      tracks: [track('audio-0')],
      outputs: {
        hls_master_key: key('master'),
        dash_manifest_key: key('manifest'),
        poster_key: key('poster'),
        storyboard: { ...storyboard, vtt_key: key('vtt'), sheet_keys: [key('sprite-0'), key('sprite-1')] },
      },
      findings: [],
    })
    const mp4s = await jobs.sql<{ mp4_key: string }[]>`select mp4_key from resolutions`
    const kept = [
      ...['master', 'manifest', 'poster', 'vtt', 'sprite-0', 'sprite-1'].map(key),
      ...['360p', '300p', 'audio-0'].flatMap((name) => [
        key(`${name}-init`),
        key(`${name}-0`),
        key(`${name}-list`),
      ]),
      ...['360p', '300p'].map((name) => key(`${name}-iframes`)),
      ...mp4s.map((row) => row.mp4_key),
    ]
    await put(...kept, key('straggler'))
    expect(await collect()).toBe(1)
    expect(await stored()).toEqual(kept.sort())
  })

  test('of a deleted video goes, its fetched source too', async () => {
    const task = await runningChunk()
    const fetched = `source/${task.videoId}/t1/f1/aa`
    await put(contentKey(task, '360p-00000', 'f'.repeat(64), 'm4s'), fetched)
    await removeVideo(jobs.sql, task.videoId)
    await collect()
    expect(await stored()).toEqual([])
  })

  test('of a cancelled video is kept where it is committed, for a retry', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    const kept = keysOf(aSegment(task, 0))
    await put(...kept, ...keysOf(aSegment(task, 1)))
    await cancelVideo(jobs.sql, task.videoId)
    await collect()
    expect(await stored()).toEqual(kept.sort())
  })

  test('with a name that no run gives does not stop the collection', async () => {
    const task = await runningChunk()
    const odd = `source/${'-'.repeat(36)}`
    await put(`processed/${task.videoId}/t99999999999999999999/f1/x`, `processed/${task.videoId}/other`, odd)
    await schedule(task.videoId)
    await scheduleCollection(jobs.sql, odd)
    expect(await collect()).toBe(3)
  })
})

describe('a source', () => {
  test('goes with the last video that names it, and only it, whatever other keys begin alike', async () => {
    const first = await submit(jobs.sql, { key: 'source/film' })
    const second = await submit(jobs.sql, { key: 'source/film' })
    await put('source/film', 'source/film.mp4', 'source/film/other')
    await removeVideo(jobs.sql, first.videoId)
    await collect()
    expect(await stored()).toContain('source/film')
    await removeVideo(jobs.sql, second.videoId)
    await collect()
    expect(await stored()).toEqual(['source/film.mp4', 'source/film/other'])
  })

  test('that was uploaded is kept while its upload or a video names it', async () => {
    const upload = await createUpload(jobs.sql, 3_600)
    await put(upload.key)
    await scheduleCollection(jobs.sql, upload.key)
    await expireUploads(jobs.sql)
    expect(await collect()).toBe(0)
    await submit(jobs.sql, { key: upload.key })
    await jobs.sql`update uploads set expires_at = now() - interval '2 h'`
    await expireUploads(jobs.sql)
    await due()
    expect(await collect()).toBe(0)
    expect(await stored()).toEqual([upload.key])
  })

  test('that nobody made a job of goes when its upload expires', async () => {
    const upload = await createUpload(jobs.sql, 3_600)
    await put(upload.key)
    await jobs.sql`update uploads set expires_at = now() + interval '1 min'`
    await expireUploads(jobs.sql)
    expect(await collect()).toBe(0)
    await jobs.sql`update uploads set expires_at = now() - interval '1 s'`
    await expireUploads(jobs.sql)
    expect(await collect()).toBe(1)
    expect(await stored()).toEqual([])
  })
})

describe('a folder', () => {
  test('is looked at a second time, for what fenced workers were still uploading, and then forgotten', async () => {
    const { videoId } = await runningChunk()
    await removeVideo(jobs.sql, videoId)
    await collect()
    await put(`processed/${videoId}/t1/f1/late`)
    expect(await collect()).toBe(0)
    await due()
    expect(await collect()).toBe(1)
    expect(await jobs.sql`select from collections`).toHaveLength(0)
  })

  test('that is scheduled again while it is looked at keeps its turn', async () => {
    const { videoId } = await runningChunk()
    await schedule(videoId)
    await collect()
    await due()
    const list = async (prefix: string) => {
      await schedule(videoId)
      return jobs.storage.list(prefix)
    }
    await collectGarbage(jobs.sql, { ...jobs.storage, list })
    expect(await jobs.sql`select passes from collections where due_at <= now()`).toEqual([{ passes: 0 }])
  })

  test('that the store does not list stays due', async () => {
    const { videoId } = await runningChunk()
    await schedule(videoId)
    const list = () => Promise.reject(new Error('the store is away'))
    await expect(collectGarbage(jobs.sql, { ...jobs.storage, list })).rejects.toThrow('away')
    expect(await jobs.sql`select passes from collections where due_at <= now()`).toEqual([{ passes: 0 }])
  })
})

describe('what a failed or cancelled video keeps for a retry', () => {
  test('expires: its segments go and its tasks are to be done again', async () => {
    const videoId = await planned(jobs.sql, { chunks: 1, rungs: 1, audio: 1 })
    await completeAll(jobs.sql, videoId, 'video')
    await cancelVideo(jobs.sql, videoId)
    await expireSegments(jobs.sql, 3_600_000)
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(1)
    await expireSegments(jobs.sql, -1_000)
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(0)
    expect((await readTasks(jobs.sql, videoId)).map((task) => task.state)).toEqual([
      'done',
      'cancelled',
      'cancelled',
    ])
    expect(await jobs.sql`select from segments`).toHaveLength(0)
  })

  test('expires too when not one of its tasks was done', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    await put(...keysOf(aSegment(task, 0)))
    await cancelVideo(jobs.sql, task.videoId)
    await expireSegments(jobs.sql, -1_000)
    await collect()
    expect(await stored()).toEqual([])
  })

  test('expires once for each time that the video ends, and is not looked at again until then', async () => {
    const task = await runningChunk()
    const expired = async () => {
      await jobs.sql`delete from collections`
      await expireSegments(jobs.sql, -1_000)
      return (await jobs.sql`select from collections`).length
    }
    await cancelVideo(jobs.sql, task.videoId)
    expect([await expired(), await expired()]).toEqual([1, 0])
    await retryVideo(jobs.sql, task.videoId, { changed: false })
    const again = await claim(jobs.sql, task.taskId)
    await commit(jobs.sql, again, 0)
    await cancelVideo(jobs.sql, task.videoId)
    expect([await expired(), await expired()]).toEqual([1, 0])
    expect(await jobs.sql`select from segments`).toHaveLength(0)
  })

  test('expires with its MP4s', async () => {
    const task = await runningChunk()
    await complete(jobs.sql, task)
    const [mp4] = await readTasks(jobs.sql, task.videoId, 'mp4')
    const packing = await claim(jobs.sql, mp4?.id ?? 0)
    await put(streamedKey(packing, '360p', 'mp4'))
    await complete(jobs.sql, packing)
    await cancelVideo(jobs.sql, task.videoId)
    await expireSegments(jobs.sql, -1_000)
    expect(await jobs.sql`select mp4_key, mp4_size_bytes from resolutions`).toEqual([
      { mp4_key: null, mp4_size_bytes: null },
    ])
    await collect()
    expect(await stored()).toEqual([])
  })

  test('is not touched while the video is at work', async () => {
    const task = await runningChunk()
    await commit(jobs.sql, task, 0)
    await expireSegments(jobs.sql, -1_000)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'running' })
    expect(await jobs.sql`select from segments`).toHaveLength(1)
  })
})
