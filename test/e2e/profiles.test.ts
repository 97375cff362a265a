import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { submitJob } from '../../src/cli/client/submit.ts'
import type { Video } from '../../src/cli/client/video.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { untilEnded } from '../support/job-client.ts'
import { countFrames } from '../support/media-facts.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const anObject = z.record(z.string(), z.unknown())

let system: TestSystem
let browser: Browser
let film: string
let key: string

beforeAll(async () => {
  ;[system, browser, film] = await Promise.all([
    createTestSystem({ workers: 2 }),
    launchBrowser(),
    clip({ seconds: 14, fps: '30000/1001' }),
  ])
  key = await uploadFile({ baseUrl: system.baseUrl, path: film })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

async function make(profile: string, source = { key }): Promise<Video> {
  const { id } = await submitJob(system.baseUrl, { source, profile })
  return untilEnded(system, id)
}

async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' }
  const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : {}
  return anObject.parse(await (await fetch(`${system.baseUrl}${path}`, init)).json())
}

describe.each([
  ['hevc', 'hvc1.1.6.L60.90', 'hevc,hvc1'],
  ['av1', 'av01.0.00M.08', 'av1,av01'],
])('the profile %s', (profile, codec, tags) => {
  let video: Video
  beforeAll(async () => {
    video = await make(profile)
  }, 180_000)

  test('makes the ladder in its codec, in chunks, with every frame', async () => {
    expect(video).toMatchObject({ status: 'completed', error: null })
    expect(video.resolutions.map(({ name, codec }) => [name, codec])).toEqual([
      ['240p', codec],
      ['144p', codec],
    ])
    const plan = await ask(`/videos/${video.id}`)
    expect(plan).toMatchObject({ plan: { profile, single_chunk: null }, options: { profile } })
    const frames = await countFrames(film)
    for (const { name, mp4_url } of video.resolutions) {
      const hls = await countFrames(`${system.baseUrl}/videos/${video.id}/hls/${name}.m3u8`)
      const mp4 = await countFrames(new URL(mp4_url ?? '', system.baseUrl).href)
      expect({ name, hls, mp4 }).toEqual({ name, hls: frames, mp4: frames })
    }
  })

  test('names its codec in the playlist and tags its MP4 with it', async () => {
    const master = await (await fetch(`${system.baseUrl}/videos/${video.id}/hls/master.m3u8`)).text()
    const codecs = [...master.matchAll(/^#EXT-X-STREAM-INF:.*CODECS="([^"]*)"/gm)].map(([, list]) => list)
    expect(codecs).toEqual(Array(2).fill(`${codec},mp4a.40.2`))
    const [top] = video.resolutions
    const mp4 = new URL(top?.mp4_url ?? '', system.baseUrl).href
    const entries = ['-show_entries', 'stream=codec_name,codec_tag_string', '-of', 'csv=p=0']
    const { stdout } = await execa('ffprobe', ['-v', 'error', '-select_streams', 'v:0', ...entries, mp4])
    expect(stdout).toBe(tags)
  })

  test('was announced by the dry run to the last chunk', async () => {
    const dry = await ask('/jobs?dry_run=true', { source: { key }, profile })
    const { plan, media } = await ask(`/videos/${video.id}`)
    expect(dry.media).toEqual(media)
    expect({ ...anObject.parse(dry.plan), build: expect.any(String) }).toEqual(plan)
  })
})

test('AV1 plays in the browser from its master playlist to the end, in one piece', async () => {
  const { id } = await make('av1')
  // No answer but the page lets scripts in, and these are ours.
  const page = await browser.newPage({ bypassCSP: true })
  await page.goto(`${system.baseUrl}/healthz`)
  await page.addScriptTag({ url: `${system.baseUrl}/vendor/hls.min.js` })
  await page.addScriptTag({ path: join(import.meta.dirname, '../fixtures/player-watch.js') })
  await page.evaluate(`playerWatch.start('/videos/${id}/hls/master.m3u8', 4)`)
  await page.waitForFunction('playerWatch.hasReached(13.8)', undefined, { timeout: 60_000, polling: 50 })
  expect(await page.evaluate('playerWatch.report()')).toMatchObject({
    errors: [],
    stalls: 0,
    buffered: [[expect.closeTo(0, 1), expect.closeTo(14, 0)]],
  })
})

test('the profile audio makes the sound of a film, and nothing else', async () => {
  const video = await make('audio')
  expect(video).toMatchObject({
    status: 'completed',
    resolutions: [],
    tracks: [{ name: 'audio-0', state: 'ready' }],
  })
  const master = await (await fetch(`${system.baseUrl}/videos/${video.id}/hls/master.m3u8`)).text()
  expect(master).toContain('CODECS="mp4a.40.2"')
  expect(master).not.toContain('RESOLUTION')
  expect(await ask(`/videos/${video.id}`)).toMatchObject({
    media: { video: { width: 320 } },
    plan: { video: null },
  })
})

test("a file of profiles of one's own is what the API lists and the worker makes", async () => {
  const path = join(system.config.SCRATCH_DIR, 'profiles.json')
  const tiny = {
    description: 'Tiny',
    video: {
      codec: 'h264',
      preset: 'ultrafast',
      crf: 30,
      rungs: [{ name: '144p', max_bitrate_bps: 90_000 }],
    },
    audio: { bitrate_bps: 64_000 },
  }
  await writeFile(path, JSON.stringify({ default: tiny }))
  await using own = await createTestSystem({ environment: { PROFILES_FILE: path } })
  const object = await uploadFile({ baseUrl: own.baseUrl, path: film })
  const { id } = await submitJob(own.baseUrl, { source: { key: object } })
  const video = await untilEnded(own, id)
  expect(video.resolutions).toMatchObject([{ name: '144p', max_bitrate_bps: 90_000, state: 'ready' }])
  await expect(submitJob(own.baseUrl, { source: { key: object }, profile: 'hevc' })).rejects.toThrow(
    'must be one of default',
  )
})

test('a worker without the encoder gives the task back and says which, and the video fails with that', async () => {
  const path = join(system.config.SCRATCH_DIR, 'ffmpeg')
  const lacking = 'case " $* " in *" libsvtav1 "*) exit 1;; esac; exec /usr/bin/ffmpeg "$@"'
  await writeFile(path, `#!/bin/sh\n${lacking}\n`, { mode: 0o755 })
  const environment = { FFMPEG_PATH: path, RETRY_BASE_MS: '100', MAX_ATTEMPTS: '2' }
  await using bare = await createTestSystem({ environment })
  const object = await uploadFile({ baseUrl: bare.baseUrl, path: film })
  const { id } = await submitJob(bare.baseUrl, { source: { key: object }, profile: 'av1' })
  expect(await untilEnded(bare, id)).toMatchObject({
    status: 'failed',
    error: { code: 'encoder_missing', message: expect.stringContaining('libsvtav1') },
  })
  expect(bare.logs()).toContain('this ffmpeg cannot encode av1')
})
