import { stat, utimes, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { CONFINED, launchCommand } from '../../../src/media/ffmpeg/launch.ts'
import { probeSource } from '../../../src/media/probe/probe.ts'
import { sourceLimits } from '../../../src/media/probe/source-limits.ts'
import { type Disguise, disguises } from '../../support/hostile/playlists.ts'
import { createScratch } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

const limits = sourceLimits(loadConfig({}))

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>
let canary: Server
let hits = 0
let bait: string
let all: { name: string; file: string }[]

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path)
  // Any connection counts, whatever is said on it.
  canary = createServer((socket) => {
    hits += 1
    socket.on('error', () => {})
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  const { port } = canary.address() as AddressInfo
  bait = join(scratch.path, 'bait.ts')
  await writeFile(bait, 'secret')
  all = await Promise.all(disguises({ host: '127.0.0.1', port, path: bait }).map(stored))
})
afterAll(async () => {
  await store?.[Symbol.asyncDispose]()
  await scratch?.[Symbol.asyncDispose]()
  canary?.close()
})

async function stored({ name, extension, bytes }: Disguise, index: number) {
  const file = `disguise-${index}${extension}`
  await writeFile(join(scratch.path, file), bytes)
  return { name, file }
}

/** File systems note the first reading after a time of access that lies before the last change. */
const notRead = new Date(1_000_000_000_000)
const wasRead = async () => (await stat(bait)).atimeMs > notRead.getTime()

beforeEach(async () => {
  await utimes(bait, notRead, new Date())
  hits = 0
})

/** Two at a time: most of it is starting programs. */
async function withEach(act: (file: string) => Promise<void>): Promise<void> {
  const left = all.values()
  const lane = async () => {
    for (const { file } of left) await act(file)
  }
  await Promise.all([lane(), lane()])
}

const pathOf = (wanted: string) => join(scratch.path, all.find(({ name }) => name === wanted)?.file ?? '')

test('without our lists the canary is hit and the bait is read: the disguises are real', async () => {
  const lax = ['-v', 'error', '-protocol_whitelist', 'file,http,tcp']
  await execa('ffprobe', [...lax, '-i', pathOf('an HLS list of http, bare')], { reject: false })
  expect(hits).toBe(1)
  await execa('ffprobe', [...lax, '-safe', '0', '-i', pathOf('an ffconcat list of http, bare')], {
    reject: false,
  })
  expect(hits).toBe(2)
  expect(await wasRead()).toBe(false)
  await execa('ffprobe', [...lax, '-i', pathOf('an HLS list of file, bare')], { reject: false })
  expect(await wasRead()).toBe(true)
})

test('a probe refuses hundreds of lists in disguise, calls nothing and opens nothing', {
  timeout: 300_000,
}, async () => {
  const answers: Record<string, number> = {}
  await withEach(async (file) => {
    const source = { url: store.url(file), etag: ETAG, sizeBytes: 1000, cwd: scratch.path, limits }
    const { signal } = new AbortController()
    const probing = probeSource({ ...source, ffprobePath: 'ffprobe', signal, timeoutMs: 60_000 })
    const answer = await probing.then(
      () => 'media',
      (error: { name: string; code: string }) => `${error.name} ${error.code}`,
    )
    answers[answer] = (answers[answer] ?? 0) + 1
  })
  expect(hits).toBe(0)
  expect(await wasRead()).toBe(false)
  // An AVI is a film whatever its subtitles hold, and a box that is cut is one of a cut film.
  const { 'PermanentError unsupported_container': lists, ...others } = answers
  expect(lists).toBe(384)
  expect(others).toEqual({ media: 24, 'PermanentError truncated_input': 48 })
})

test('ffmpeg calls nothing and opens nothing either, were a probe fooled', {
  timeout: 300_000,
}, async () => {
  let failed = 0
  await withEach(async (file) => {
    const input = httpInput({ url: store.url(file), etag: ETAG })
    const args = ['-v', 'error', '-nostdin', ...input, '-map', '0', '-f', 'null', '-']
    const { exitCode } = await execa(...launchCommand('ffmpeg', args), { ...CONFINED, cwd: scratch.path })
    if (exitCode !== 0) failed += 1
  })
  expect(hits).toBe(0)
  expect(await wasRead()).toBe(false)
  expect(failed).toBe(all.length)
})
