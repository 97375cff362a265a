import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { fixtureFolder, makeMedia } from '../../scripts/clips/make.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded, watchJob } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const seconds = 5
/** Where each player's picture at the end of a test is left to be looked at; not in git. */
const screenshots = join(import.meta.dirname, '../../.local/screenshots')

let system: TestSystem
let browser: Browser
const videos = new Map<string, string>()

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 2 }), launchBrowser()])
  mkdirSync(screenshots, { recursive: true })
  const sources = {
    portrait: clip({ seconds, width: 180, height: 320 }),
    sound: soundAlone(),
    captions: clip({ seconds }).then((film) => captioned(film, 'short')),
    languages: clip({ seconds, tones: [440, 880], more: languages, extension: 'mkv' }),
    'languages of sound alone': soundAlone([440, 880], languages),
  }
  for (const [name, source] of Object.entries(sources)) {
    videos.set(name, (await submitFile(system, await source, name)).id)
  }
  for (const id of videos.values()) {
    expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
  }
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

describe.each(['hls', 'dash'] as const)('in %s', (kind) => {
  test('a portrait clip plays to its end, upright', async () => {
    await using watched = await load(kind, 'portrait')
    expect(await watched.playToEnd()).toMatchObject({ ...whole, size: '180x320' })
  })

  test('sound alone plays to its end', async () => {
    await using watched = await load(kind, 'sound')
    expect(await watched.playToEnd()).toMatchObject({ ...whole, size: '0x0' })
  })

  test('subtitles are offered, shown in their time, and no script of theirs runs', async () => {
    await using watched = await load(kind, 'captions')
    expect(watched.tracks.text).toEqual(['English en'])
    await watched.page.evaluate('unusualWatch.player.showText()')
    const seen = await watched.playToEnd()
    expect(seen).toMatchObject({ ...whole, size: '320x180' })
    expect(seen.cues).toHaveLength(2)
    expect(seen.cues[0]).toContain('Hello')
    expect(seen.cues[1]).toContain('alert(1)')
    expect(await watched.page.evaluate('globalThis.ran')).toBeUndefined()
  })

  test.each(['languages', 'languages of sound alone'])('%s are offered and can be switched', async (name) => {
    await using watched = await load(kind, name)
    expect(watched.tracks.audio).toEqual(['English en', 'Kommentar de'])
    const heard = () => watched.asked.filter((url) => url.includes('/audio-1-0')).length
    await watched.page.evaluate('unusualWatch.play(1)')
    await watched.untilTrue('unusualWatch.hasReached(1)')
    expect(heard()).toBe(0)
    await watched.page.evaluate("unusualWatch.player.hear('de')")
    const seen = await watched.playToEnd()
    expect(heard()).toBeGreaterThan(0)
    expect(seen).toMatchObject(whole)
  })
})

test('hls.js shows the key picture of a moment from the playlist for the seek bar', async () => {
  await using watched = await load('hls', 'portrait')
  await watched.page.evaluate('unusualWatch.play(1)')
  await watched.untilTrue('unusualWatch.hasReached(0.1)')
  await watched.page.evaluate('unusualWatch.player.scrub(3)')
  const small = 'document.querySelector("#scrubbed")'
  await watched.untilTrue(`${small}.readyState >= 2 && !${small}.seeking`)
  // The one of the GOP from 2 s to 4 s, and no other.
  expect(await watched.page.evaluate(`[${small}.buffered.start(0), ${small}.buffered.end(0)]`)).toEqual([
    2, 4,
  ])
  expect(await watched.page.evaluate(`[${small}.videoWidth, ${small}.videoHeight]`)).toEqual([180, 320])
  expect(watched.asked.filter((url) => url.includes('-iframes.m3u8'))).toHaveLength(1)
  await watched.page.screenshot({ path: join(screenshots, 'scrubbed-hls.png') })
  expect(seenSchema.parse(await watched.page.evaluate('unusualWatch.report()')).errors).toEqual([])
})

test('subtitles are shown while the video is still being made', async () => {
  const film = await clip({ seconds: 60, width: 1280, height: 720 })
  const { id } = await submitFile(system, await captioned(film, 'growing'), 'growing')
  videos.set('growing', id)
  const isReady = async () => (await masterOf(id)).includes('TYPE=SUBTITLES')
  await watchJob(system, id, ({ snapshot }) => snapshot.resolutions.some(({ segments }) => segments >= 2))
  await vi.waitUntil(isReady, { timeout: 60_000, interval: 200 })
  await using watched = await load('hls', 'growing')
  await watched.page.evaluate('unusualWatch.player.showText()')
  await watched.page.evaluate('unusualWatch.play(1)')
  await watched.untilTrue('unusualWatch.hasReached(1.5)')
  const seen = seenSchema.parse(await watched.page.evaluate('unusualWatch.report()'))
  const [row] = await system.sql<{ status: string }[]>`select status from videos where id = ${id}`
  expect(row?.status).toBe('processing')
  expect(seen).toMatchObject({ errors: [], cues: [expect.stringContaining('Hello')] })
})

async function masterOf(id: string): Promise<string> {
  return (await fetch(`${system.baseUrl}/videos/${id}/hls/master.m3u8`)).text()
}

test('the page plays sound alone, with its tracks by their names', async () => {
  await using page = await openPage('languages of sound alone')
  const media = page.view.locator('audio')
  await media.waitFor({ state: 'attached' })
  await page.view.getByRole('button', { name: 'settings' }).click({ timeout: 60_000 })
  await page.view.locator('media-settings-menu-item').filter({ hasText: 'Sound' }).click()
  const tracks = page.view.getByRole('menuitemradio')
  await tracks.first().waitFor()
  expect(await tracks.allTextContents()).toEqual(['English', 'Kommentar (Deutsch)'])
  const other = page.view.waitForRequest((request) => request.url().includes('/audio-1-0'))
  await tracks.last().click()
  await other
  await page.view.getByRole('button', { name: 'play', exact: true }).click()
  // Not waitForFunction: what polls within the page is refused by its content security policy.
  const time = () => page.view.evaluate("document.querySelector('audio').currentTime")
  await expect.poll(time).toBeGreaterThan(1)
  await page.view.screenshot({ path: join(screenshots, 'page-of-sound.png') })
})

async function openPage(name: string) {
  const view = await browser.newPage()
  await view.goto(`${system.baseUrl}/#/videos/${videos.get(name)}`)
  return { view, [Symbol.asyncDispose]: () => view.close() }
}

/** Everything of it, in one piece from the start, without an error. */
const whole = { errors: [], buffered: [[expect.closeTo(0, 0), expect.closeTo(seconds, 0)]] }

const seenSchema = z.object({
  errors: z.array(z.string()),
  cues: z.array(z.string()),
  buffered: z.array(z.tuple([z.number(), z.number()])),
  size: z.string(),
})
const tracksSchema = z.object({ audio: z.array(z.string()), text: z.array(z.string()) })

/** A page of the API's own origin with one of the two players, which has the video's manifest. */
async function load(kind: 'hls' | 'dash', name: string) {
  // No answer but the page lets scripts in, and these are ours.
  const page = await browser.newPage({ bypassCSP: true })
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(`${system.baseUrl}/healthz`)
  if (kind === 'hls') await page.addScriptTag({ url: `${system.baseUrl}/vendor/hls.min.js` })
  else await page.addScriptTag({ path: shakaPath })
  await page.addScriptTag({ path: join(import.meta.dirname, '../fixtures/unusual-watch.js') })
  const manifest = kind === 'hls' ? 'hls/master.m3u8' : 'dash/manifest.mpd'
  const source = `/videos/${videos.get(name)}/${manifest}`
  const tracks = tracksSchema.parse(await page.evaluate(`unusualWatch.load('${kind}', '${source}')`))
  const untilTrue = (expression: string) => waitFor(page, expression)

  async function playToEnd() {
    await page.evaluate('unusualWatch.play(2)')
    await untilTrue('unusualWatch.hasReached(3.2)')
    await page.screenshot({ path: join(screenshots, `${name.replaceAll(' ', '-')}-${kind}.png`) })
    await untilTrue('unusualWatch.hasEnded()')
    return seenSchema.parse(await page.evaluate('unusualWatch.report()'))
  }
  return { page, tracks, asked, untilTrue, playToEnd, [Symbol.asyncDispose]: () => page.close() }
}

async function waitFor(page: Page, expression: string): Promise<void> {
  await page.waitForFunction(expression, undefined, { timeout: 60_000, polling: 50 })
}

const shakaPath = fileURLToPath(import.meta.resolve('shaka-player/dist/shaka-player.compiled.js'))

const languages = [
  ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
  // A handler's name is what MP4 has for a title, and no title; Matroska has one.
  ...['-metadata:s:a:1', 'title=Kommentar'],
]

function soundAlone(tones: readonly number[] = [440], more: readonly string[] = []): Promise<string> {
  const inputs = tones.flatMap((hertz) => ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000`])
  const maps = tones.flatMap((_, index) => ['-map', String(index)])
  const args = [...inputs, ...maps, '-t', String(seconds), '-c:a', 'aac', ...more]
  return makeMedia({ name: 'sound-alone', extension: 'mkv', args })
}

async function captioned(film: string, name: string): Promise<string> {
  const lines = [
    ...['1', '00:00:01,000 --> 00:00:02,000', 'Hello <i>there</i>', ''],
    ...['2', '00:00:03,000 --> 00:00:04,500', '<img src=x onerror="globalThis.ran=1">alert(1)', ''],
  ]
  const text = join(fixtureFolder, 'two-cues.srt')
  writeFileSync(text, lines.join('\n'))
  const streams = ['-i', film, '-i', text, '-map', '0', '-map', '1', '-c', 'copy', '-c:s', 'srt']
  return makeMedia({
    name: `two-cues-${name}`,
    extension: 'mkv',
    args: [...streams, '-metadata:s:s:0', 'language=eng'],
  })
}
