import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createProcessGroup } from '../../../scripts/stack/processes.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { claimFetch } from '../../../src/jobs/claim-fetch.ts'
import { collectGarbage } from '../../../src/jobs/collect.ts'
import { abortLostUploads } from '../../../src/jobs/collect-uploads.ts'
import { completeFetch } from '../../../src/jobs/complete-fetch.ts'
import { fetchedKey } from '../../../src/jobs/object-keys.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { type AppProcess, startApp } from '../../support/app-process.ts'
import { type CourierSystem, createCourierSystem, storedBytes } from './courier-system.ts'
import { type Answer, type Source, serve, serveAndHang, startSource } from './source-server.ts'

const film = randomBytes(17 * 2 ** 20)
const leaseMs = 1_000
let system: CourierSystem
const processes = createProcessGroup()
beforeAll(async () => {
  system = await createCourierSystem({ courier: false, overrides: { LEASE_MS: String(leaseMs) } })
})
afterEach(() => processes.stopAll())
afterAll(() => system[Symbol.asyncDispose]())

async function startCourier(): Promise<AppProcess> {
  const { environment } = system
  const courier = startApp({ processes, command: 'courier', name: 'courier', environment })
  await courier.logged('courier started')
  return courier
}

/** The first answer stops behind its first part, the later ones are whole. */
function hangsOnce(): Promise<Source> {
  const answers: Answer[] = [serveAndHang(film)]
  return startSource((request, response) => (answers.shift() ?? serve(film))(request, response))
}

/** Resolves once the courier has begun to store it. */
async function halfFetched(source: Source): Promise<string> {
  const id = await system.submit(source.url('/film.mp4'))
  await expect.poll(() => system.kept(id), { timeout: 10_000, interval: 20 }).toHaveLength(1)
  return id
}

test.for(['cancelled', 'deleted'] as const)(
  'a fetch whose video is %s stops at the next beat and leaves nothing',
  async (how) => {
    const courier = await startCourier()
    const closed = Promise.withResolvers<void>()
    await using source = await startSource((request, response) => {
      request.socket.on('close', () => closed.resolve())
      return serveAndHang(film)(request, response)
    })
    const id = await halfFetched(source)
    await (how === 'cancelled' ? cancelVideo(system.sql, id) : removeVideo(system.sql, id))
    const asked = performance.now()
    await closed.promise
    expect(performance.now() - asked).toBeLessThan(10_000)
    await courier.logged('fenced: the task belongs to another run or was stopped')
    expect(await system.kept(id)).toEqual([])
  },
)

test('SIGTERM gives the fetch back at once, with no attempt spent and nothing left behind', async () => {
  const courier = await startCourier()
  await using source = await hangsOnce()
  const id = await halfFetched(source)
  courier.kill('SIGTERM')
  expect(await courier.exited).toBe('exit code 0')
  expect(await system.look(id)).toMatchObject({ state: 'queued', attempt: 0, crashes: 0, fence: 1 })
  expect(await system.kept(id)).toEqual([])

  await startCourier()
  const video = await system.until(id, ({ state }) => state === 'done')
  expect(video).toMatchObject({ attempt: 0, crashes: 0, fence: 2 })
  expect((await storedBytes(system.storage, video.source_key)).equals(film)).toBe(true)
})

test('a drain gives back a fetch that waits for its source, too', async () => {
  await using own = await createCourierSystem({ courier: true })
  await using source = await startSource(serveAndHang(Buffer.alloc(1000)))
  const id = await own.submit(source.url('/film.mp4'))
  await expect.poll(() => source.requests, { interval: 20 }).toHaveLength(1)
  await own.drain()
  expect(await own.look(id)).toMatchObject({ state: 'queued', attempt: 0, crashes: 0, fence: 1 })
})

test('the fetch of a courier killed with -9 is reaped, made again, and its half upload is collected', async () => {
  const courier = await startCourier()
  await using source = await hangsOnce()
  const id = await halfFetched(source)
  expect(await abortLostUploads(system.sql, system.storage)).toBe(0)
  courier.kill('SIGKILL')
  await courier.exited
  await startCourier()
  const reaping = () => reapTasks(system.sql, leaseMs)
  await expect.poll(reaping, { timeout: 10_000, interval: 100 }).toBe(1)
  const video = await system.until(id, ({ state }) => state === 'done')
  expect(video).toMatchObject({ attempt: 0, crashes: 1, fence: 3 })
  expect((await storedBytes(system.storage, video.source_key)).equals(film)).toBe(true)
  expect(await system.kept(id)).toHaveLength(2)
  expect(await abortLostUploads(system.sql, system.storage)).toBe(1)
  expect(await system.kept(id)).toEqual([video.source_key])
})

test('an upload that somebody makes of a source is not taken for a lost one', async () => {
  const { client, bucket } = system.storage
  const uploadId = await client.initiateNewMultipartUpload(bucket, 'source/film.mp4', {})
  expect(await abortLostUploads(system.sql, system.storage)).toBe(0)
  expect(await system.storage.listUploads()).toContainEqual({ key: 'source/film.mp4', uploadId })
  await system.storage.abortUpload({ key: 'source/film.mp4', uploadId })
  expect(await system.storage.listUploads()).toEqual([])
})

test.for(['fetched again', 'cancelled'] as const)(
  'a source stored by a run that died before its commit is collected once the video is %s',
  async (end) => {
    const id = await system.submit('http://127.0.0.1/film.mp4')
    const store = async () => {
      const task = await claimFetch(system.sql, { workerId: 'test', leaseMs: 60_000 })
      if (task?.videoId !== id) throw new Error('claimed another')
      const key = fetchedKey(task)
      const put = { contentType: 'video/mp4', signal: AbortSignal.timeout(5_000) }
      await system.storage.put(key, Buffer.from('film'), put)
      return { task, source: { key, etag: 'x', bytes: 4, sha256: '0' } }
    }
    await store()
    await system.sql`update tasks set state = 'queued', fence = fence + 1 where video_id = ${id}`
    const { task, source } = await store()
    if (end === 'cancelled') await cancelVideo(system.sql, id)
    else await completeFetch(system.sql, task, source)
    expect(await system.kept(id)).toHaveLength(2)
    await collectGarbage(system.sql, system.storage)
    expect(await system.kept(id)).toEqual(end === 'cancelled' ? [] : [source.key])
  },
)
