import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import {
  clip,
  emptyFile,
  imageNamedMp4,
  playlistNamedMp4,
  shortClip,
  textNamedMp4,
  truncatedClip,
} from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let canary: Server
let canaryUrl: string
let canaryHits = 0

beforeAll(async () => {
  canary = createServer((request, response) => {
    canaryHits++
    response.writeHead(request.url === '/missing.mp4' ? 404 : 200)
    response.end('x')
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  const { port } = canary.address() as AddressInfo
  canaryUrl = `http://127.0.0.1:${port}`
  system = await createTestSystem({
    courier: true,
    environment: {
      FETCH_PRIVATE_ADDRESSES: 'true',
      RETRY_BASE_MS: '100',
      MAX_ATTEMPTS: '2',
      COLLECT_MS: '500',
      SWEEP_MS: '1000',
      // ffmpeg would ask there for every address, were it shown its surroundings.
      http_proxy: canaryUrl,
      https_proxy: canaryUrl,
    },
  })
})
afterAll(async () => {
  await system?.dispose()
  canary.close()
})

test.each([
  ['a text file', async () => textNamedMp4(), 'unsupported_container'],
  ['an image', imageNamedMp4, 'unsupported_container'],
  [
    'a playlist that names another address',
    async () => playlistNamedMp4(`${canaryUrl}/segment.ts`),
    'unsupported_container',
  ],
  ['a film that was cut off', truncatedClip, 'truncated_input'],
])('%s named .mp4 fails with its own code and sentence, at once', async (_what, make, code) => {
  const { id } = await submitFile(system, await make())
  const video = await untilEnded(system, id)
  expect(video).toMatchObject({ status: 'failed', error: { code } })
  expect(video.error?.message).toMatch(/\w+ \w+/)
  const [runs] = await system.sql<
    { attempts: number }[]
  >`select max(attempt) as attempts from tasks where video_id = ${id}`
  expect(runs?.attempts).toBe(0)
})

test('no address that a file or the environment named was called', () => {
  expect(canaryHits).toBe(0)
})

test('an empty file is refused before a job exists', async () => {
  await expect(submitFile(system, emptyFile())).rejects.toMatchObject({ code: 'empty_source' })
})

test.each([
  ['of a server that says 404', () => `${canaryUrl}/missing.mp4`, 'source_not_found'],
  ['nobody listens at', () => 'http://127.0.0.1:1/film.mp4', 'source_unreachable'],
  ['of a host that does not exist', () => 'http://no-such-host.invalid/film.mp4', 'source_not_found'],
])('a URL %s fails the video', async (_what, url, code) => {
  const { id } = await submitJob(system.baseUrl, { source: { url: url() } })
  expect(await untilEnded(system, id)).toMatchObject({ status: 'failed', error: { code } })
})

test('a source that is replaced in the midst of its job fails the video, and nothing is made of both', async () => {
  const { id } = await submitFile(system, await clip({ seconds: 40, width: 640, height: 360 }))
  const madeSo = async () => (await system.sql`select from segments`).length
  await expect.poll(madeSo, { interval: 20 }).toBeGreaterThan(0)
  await system.killWorker('worker-1', 'SIGTERM')
  const [video] = await system.sql<{ status: string; key: string }[]>`
    select status, source_key as key from videos where id = ${id}`
  expect(video?.status).toBe('processing')

  const other = await readFile(await clip({ seconds: 40, width: 640, height: 360, tones: [500] }))
  const signal = AbortSignal.timeout(10_000)
  await system.storage.put(video?.key ?? '', other, { contentType: 'application/octet-stream', signal })
  await system.startWorker('worker-2')
  expect(await untilEnded(system, id)).toMatchObject({ status: 'failed', error: { code: 'source_changed' } })
  expect((await fetch(`${system.baseUrl}/videos/${id}/hls/master.m3u8`)).status).toBe(404)
})

test('after all of that a good file still completes, and nothing is left in bucket, scratch or stream', async () => {
  const { id } = await submitFile(system, await shortClip())
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
  await expect
    .poll(async () => (await system.storage.list('processed/')).filter(({ key }) => !key.includes(id)), {
      timeout: 10_000,
    })
    .toEqual([])
  await expect.poll(() => scratchFolders(), { timeout: 10_000 }).toEqual([])
  await expect
    .poll(async () => (await system.sql`select id from tasks where state in ('queued', 'running')`).length)
    .toBe(0)
  await expect.poll(() => system.redis.xlen(system.names.stream), { timeout: 10_000 }).toBe(0)
})

/** What the workers' scratch folders hold. */
async function scratchFolders(): Promise<string[]> {
  const entries = await readdir(system.config.SCRATCH_DIR, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.parentPath !== system.config.SCRATCH_DIR).map((entry) => entry.name)
}
