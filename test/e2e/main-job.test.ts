import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Video } from '../../src/cli/client/video.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded, type WatchedEvent, watchJob } from '../support/job-client.ts'
import { countFrames, readPackets } from '../support/media-facts.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let film: string
let video: Video
let events: WatchedEvent[]

beforeAll(async () => {
  ;[system, film] = await Promise.all([
    createTestSystem({ workers: 2, environment: { SWEEP_MS: '1000', COLLECT_MS: '500' } }),
    clip({ seconds: 40, width: 854, height: 480, fps: '30000/1001' }),
  ])
  const { id } = await submitFile(system, film, 'A film')
  events = await watchJob(system, id)
  video = await untilEnded(system, id)
}, 180_000)
afterAll(() => system?.dispose())

test('a video handed in comes out completed, as the ladder its size asks for', () => {
  expect(video).toMatchObject({ status: 'completed', title: 'A film', error: null })
  expect(video.resolutions.map(({ name, width, height }) => [name, width, height])).toEqual([
    ['480p', 854, 480],
    ['360p', 640, 360],
    ['240p', 426, 240],
    ['144p', 256, 144],
  ])
  expect(video.resolutions.every(({ fps, state }) => fps === '30000/1001' && state === 'ready')).toBe(true)
})

test('every rung has exactly the frames of the source, in HLS as in MP4', async () => {
  const frames = await countFrames(film)
  for (const { name, mp4_url } of video.resolutions) {
    const hls = await countFrames(`${system.baseUrl}/videos/${video.id}/hls/${name}.m3u8`)
    const mp4 = await countFrames(new URL(mp4_url ?? '', system.baseUrl).href)
    expect({ name, hls, mp4 }).toEqual({ name, hls: frames, mp4: frames })
  }
})

test('over all chunk borders the pictures stay on the grid, with a key picture each two seconds', async () => {
  const packets = await readPackets(`${system.baseUrl}/videos/${video.id}/hls/480p.m3u8`)
  const times = packets.map(({ pts }) => pts).sort((a, b) => a - b)
  const steps = new Set(times.slice(1).map((time, i) => time - (times[i] ?? 0)))
  // The track counts in 1/30000 s.
  expect([...steps]).toEqual([1001])
  const keys = packets.flatMap(({ key }, i) => (key ? [i] : []))
  expect(keys).toEqual(Array.from({ length: Math.ceil(packets.length / 60) }, (_, i) => i * 60))
})

test('the stored playlists play by themselves, with addresses relative to where they lie', async () => {
  const [row] = await system.sql<
    { key: string }[]
  >`select outputs ->> 'hls_master_key' as key from videos where id = ${video.id}`
  const master = await readObject(row?.key ?? '')
  const media = master.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(media).toHaveLength(4)
  const keys = new Set((await system.storage.list(`processed/${video.id}/`)).map(({ key }) => key))
  for (const uri of media) {
    const key = resolve(row?.key ?? '', uri)
    const segments = (await readObject(key))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(segments.length).toBeGreaterThan(8)
    for (const segment of segments) expect(keys).toContain(resolve(key, segment))
  }
})

test('each range of a playlist of key pictures is one picture, with the init before it', async () => {
  const [small, ...larger] = video.resolutions.map(({ name }) => name).reverse()
  for (const { rung, at } of [
    { rung: small, at: Array.from({ length: 20 }, (_, n) => n) },
    ...larger.map((rung) => ({ rung, at: [0, 1, 19] })),
  ]) {
    const playlist = await getText(`${system.baseUrl}/videos/${video.id}/hls/${rung}-iframes.m3u8`)
    const init = await getBytes(/URI="([^"]+)"/.exec(playlist)?.[1] ?? '')
    const ranges = [...playlist.matchAll(/BYTERANGE:(\d+)@(\d+)\n(.+)\n/g)]
    expect(ranges).toHaveLength(20)
    for (const n of at) {
      const [, bytes, offset, url = ''] = ranges[n] ?? []
      const picture = await getBytes(url, { from: Number(offset), bytes: Number(bytes) })
      expect({ rung, n, frames: await decodedFrames(Buffer.concat([init, picture])) }).toEqual({
        ...{ rung, n, frames: 1 },
      })
    }
  }
})

test('the stored DASH manifest names every segment beside it, and no other', async () => {
  const [row] = await system.sql<
    { key: string }[]
  >`select outputs ->> 'dash_manifest_key' as key from videos where id = ${video.id}`
  const text = await readObject(row?.key ?? '')
  const named = [...text.matchAll(/(?:sourceURL|media)="([^"]+)"/g)].map(([, uri = '']) =>
    resolve(row?.key ?? '', uri),
  )
  const keys = (await system.storage.list(`processed/${video.id}/`)).map(({ key }) => key)
  const media = keys.filter((key) => /\.m4s$|-init-[0-9a-f]+\.mp4$/.test(key))
  expect(media.length).toBeGreaterThan(40)
  expect(named.toSorted()).toEqual(media.toSorted())
})

test('what the API says of sizes is what lies in the bucket', async () => {
  const rows = await system.sql<
    { name: string; size_bytes: number; segments: { key: string }[]; init: { key: string } }[]
  >`
    select name, size_bytes, segments, init from resolutions where video_id = ${video.id}`
  const sizes = new Map(
    (await system.storage.list(`processed/${video.id}/`)).map(({ key, bytes }) => [key, bytes]),
  )
  for (const { name, size_bytes, segments, init } of rows) {
    const stored = [init, ...segments].reduce((sum, { key }) => sum + (sizes.get(key) ?? Number.NaN), 0)
    expect({ name, stored }).toEqual({ name, stored: size_bytes })
    expect(video.resolutions.find((rung) => rung.name === name)?.size_bytes).toBe(size_bytes)
  }
})

test('progress never goes backwards, tells of every rung, and ends with the completed video', () => {
  const percents = events.map(({ snapshot }) => snapshot.percent)
  expect(percents).toEqual([...percents].sort((a, b) => a - b))
  expect(new Set(percents).size).toBeGreaterThan(4)
  expect(events.some(({ snapshot }) => (snapshot.fps ?? 0) > 0 && (snapshot.eta_s ?? 0) > 0)).toBe(true)
  const last = events.at(-1)
  expect(last).toMatchObject({
    event: 'completed',
    snapshot: { percent: 100, status: 'completed', stage: 'done' },
  })
  expect(last?.snapshot.resolutions.map(({ segments }) => segments)).toEqual([11, 11, 11, 11])
})

test('both workers took part, and afterwards nothing is left in the stream or running', async () => {
  const runs = await system.sql<{ worker: string }[]>`
    select distinct split_part(r.worker_id, '-', 2) as worker from task_runs r join tasks t on t.id = r.task_id
    where video_id = ${video.id} and kind = 'video'`
  expect(runs).toHaveLength(2)
  await expect.poll(() => system.redis.xlen(system.names.stream), { timeout: 10_000 }).toBe(0)
  expect(await system.sql`select from tasks where video_id = ${video.id} and state <> 'done'`).toHaveLength(0)
  expect(await system.sql`select from segments`).toHaveLength(0)
})

test('deleting it removes every row and object', async () => {
  const response = await fetch(`${system.baseUrl}/videos/${video.id}`, { method: 'DELETE' })
  expect(response.status).toBe(204)
  expect((await fetch(`${system.baseUrl}/videos/${video.id}`)).status).toBe(404)
  await expect.poll(async () => (await objects()).length, { timeout: 60_000, interval: 500 }).toBe(0)
})

/** What lies in the bucket of videos and sources: one more object names the database it belongs to. */
async function objects(): Promise<string[]> {
  const keys = (await system.storage.list('')).map(({ key }) => key)
  return keys.filter((key) => key !== 'stepladder/installation')
}

async function readObject(key: string): Promise<string> {
  return new Response(await system.storage.read(key, AbortSignal.timeout(10_000))).text()
}

/** A relative address in a playlist, as a key of the bucket. */
function resolve(playlistKey: string, uri: string): string {
  return new URL(uri, `http://bucket/${playlistKey}`).pathname.slice(1)
}

async function getText(url: string): Promise<string> {
  return (await fetch(url)).text()
}

async function getBytes(url: string, range?: { from: number; bytes: number }): Promise<Buffer> {
  const headers = range ? { Range: `bytes=${range.from}-${range.from + range.bytes - 1}` } : {}
  const response = await fetch(url, { headers })
  expect(response.status).toBe(range ? 206 : 200)
  return Buffer.from(await response.arrayBuffer())
}

/** Pictures that come out of a file of one track, each whole: what cannot be decoded is an error. */
async function decodedFrames(file: Buffer): Promise<number> {
  const { stdout } = await execa(
    'ffmpeg',
    ['-v', 'error', '-xerror', '-i', 'pipe:0', '-f', 'framemd5', '-'],
    {
      input: file,
    },
  )
  return stdout.split('\n').filter((line) => /^0,/.test(line)).length
}
