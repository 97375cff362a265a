import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { colours, sixColours, sixColoursSeconds } from '../support/six-colours.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openWatchedPage } from '../support/watched-page.ts'

/** Where pictures of the player are left to be looked at; not in git. */
const screenshots = join(import.meta.dirname, '../../.local/screenshots')

let system: TestSystem
let browser: Browser
let id: string

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 1, slots: 2 }), launchBrowser()])
  mkdirSync(screenshots, { recursive: true })
  ;({ id } = await submitFile(system, await sixColours(), 'Six colours'))
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('a click plays it to its end, at the speed of the menu', async () => {
  const page = await openVideo()
  await choose(page, 'Speed', '2x')
  await expect.poll(() => read(page, 'playbackRate')).toBe(2)
  await page.getByRole('button', { name: 'play', exact: true }).click()
  await expect.poll(() => read(page, 'ended')).toBe(true)
  expect(await read(page, 'currentTime')).toBeCloseTo(sixColoursSeconds, 0)
  expect(page.complaints).toEqual([])
})

test('the menu of qualities and the ladder are one choice', async () => {
  const page = await openVideo()
  const ladder = page.locator('input[name="quality"]')
  await loop(page)
  const [automatic, ...rungs] = (await itemsOf(page, 'Quality')).reverse()
  expect(rungs).toEqual(['144p', '240p', '360p', '480p'])
  expect(automatic).toMatch(/^Auto \(\d+p\)$/)
  await page.getByRole('menuitemradio', { name: '144p' }).click()
  await expect.poll(() => read(page, 'videoHeight')).toBe(144)
  await expect.poll(() => ladder.last().isChecked()).toBe(true)

  await ladder.nth(2).check()
  await expect.poll(() => read(page, 'videoHeight')).toBe(360)
  const chosen = page.locator('media-rendition-menu [aria-checked="true"]')
  await expect.poll(() => chosen.textContent()).toBe('360p')
  await ladder.first().check()
  await expect.poll(() => chosen.textContent()).toMatch(/^Auto/)
  expect(page.complaints).toEqual([])
})

test('captions are off until one is chosen, and shown in its language', async () => {
  const page = await openVideo()
  await loop(page)
  expect(await captions(page)).toEqual([])
  expect(await itemsOf(page, 'Captions')).toEqual(['Off', 'English', 'Deutsch'])
  await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
  await expect.poll(() => captions(page)).toEqual(['Guten Morgen'])
  await page.screenshot({ path: join(screenshots, 'player-captions.png') })
  await menuItem(page, 'Captions').click()
  await page.getByRole('menuitemradio', { name: 'Off' }).click()
  await expect.poll(() => captions(page)).toEqual([])
  expect(page.complaints).toEqual([])
})

test('another sound track is heard when it is chosen; what its title holds is text', async () => {
  const page = await openVideo()
  await loop(page)
  expect(await itemsOf(page, 'Sound')).toEqual(['English', '<b>Notes</b> (Deutsch)'])
  const other = page.waitForRequest((request) => request.url().includes('/audio-1-0'))
  await page.getByRole('menuitemradio', { name: 'Notes' }).click()
  await other
  const chosen = page.locator('media-audio-track-menu [aria-checked="true"]')
  await expect.poll(() => chosen.textContent()).toContain('Notes')
  expect(page.complaints).toEqual([])
})

test('over the seek bar stands the picture of the moment', async () => {
  const page = await openVideo()
  const answers: number[] = []
  page.on('response', (response) => {
    const asked = response.request().redirectedFrom()?.url() ?? ''
    if (asked.endsWith('/sprites/0.jpg')) answers.push(response.status())
  })
  const bar = await page.locator('media-time-range').boundingBox()
  if (!bar) throw new Error('there is no seek bar')
  for (const index of colours.keys()) {
    await page.mouse.move(bar.x + (bar.width * (index + 0.5)) / colours.length, bar.y + bar.height / 2)
    await expect.poll(async () => nearest(await pixelOfPreview(page))).toBe(index)
  }
  expect(new Set(answers)).toEqual(new Set([200]))
  await page.screenshot({ path: join(screenshots, 'player-preview.png') })
  expect(page.complaints).toEqual([])
})

test('the keyboard plays, seeks, mutes and fills the screen', async () => {
  const page = await openVideo()
  await page.evaluate(`document.querySelector('video').loop = true`)
  await page.getByRole('button', { name: 'play', exact: true }).focus()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'pause', exact: true }).waitFor()
  expect(await read(page, 'paused')).toBe(false)
  await page.keyboard.press('k')
  await expect.poll(() => read(page, 'paused')).toBe(true)
  await seek(page, 2)
  await page.keyboard.press('ArrowRight')
  await untilKnownAt(page, 7)
  await page.keyboard.press('ArrowLeft')
  await untilKnownAt(page, 2)
  await page.keyboard.press('m')
  await expect.poll(() => read(page, 'muted')).toBe(true)
  await page.keyboard.press('f')
  const full = () => page.evaluate('document.fullscreenElement?.localName')
  await expect.poll(full).toBe('media-controller')
  await page.screenshot({ path: join(screenshots, 'player-fullscreen.png') })
  await page.keyboard.press('f')
  await expect.poll(full).toBeUndefined()
  expect(page.complaints).toEqual([])
})

test('the keyboard chooses in the menus, also without motion, and every control has a name', async () => {
  const page = await openVideo(id, { reducedMotion: 'reduce' })
  const controls = page.locator('media-control-bar')
  const names = ['play', 'mute', 'settings', 'enter picture in picture mode', 'enter fullscreen mode']
  for (const name of names) {
    expect(await controls.getByRole('button', { name, exact: true }).count(), name).toBe(1)
  }
  expect(await controls.getByRole('button').count()).toBe(names.length)
  expect(await controls.getByRole('switch', { name: 'closed captions' }).count()).toBe(1)
  expect(await page.getByRole('slider', { name: 'seek' }).count()).toBe(1)
  expect(await page.getByRole('slider', { name: 'volume' }).count()).toBe(1)
  await page.getByRole('button', { name: 'settings' }).focus()
  for (const key of ['Enter', 'Enter']) await pressWhenFocused(page, key)
  await expect.poll(() => focusedText(page)).toBe('480p')
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
  await loop(page)
  await expect.poll(() => read(page, 'videoHeight')).toBe(144)
  expect(page.complaints).toEqual([])
})

test('a video without other tracks offers none, and tells how much of it is ready while it is made', {
  timeout: 400_000,
}, async () => {
  const made = await submitFile(system, await clip({ seconds: 60, width: 640, height: 360 }), 'Growing')
  const page = await openVideo(made.id)
  await page.getByText(/^\d+:\d\d ready, more is being made$/).waitFor()
  await page.screenshot({ path: join(screenshots, 'player-growing.png') })
  await page.getByRole('button', { name: 'settings' }).click()
  await menuItem(page, 'Speed').waitFor()
  expect(await page.locator('media-settings-menu-item').count()).toBe(2)
  await untilEnded(system, made.id)
  await page.locator('.player-ready').waitFor({ state: 'hidden' })
  await page.locator('track[label="thumbnails"]').waitFor({ state: 'attached' })
  expect(page.complaints).toEqual([])
})

test.each(['', '#/upload', '#/system', `embed`])('no policy blocks a part of /%s', async (view) => {
  const page = await openWatchedPage({ browser, system })
  await page.goto(`${system.baseUrl}/${view === 'embed' ? `embed/${id}` : view}`)
  await page.locator(view === 'embed' ? 'video' : 'h1').waitFor()
  await page.waitForLoadState('networkidle')
  expect(page.complaints).toEqual([])
})

/** The page of a video once its player has a picture. */
async function openVideo(videoId = id, options: BrowserContextOptions = {}) {
  const page = await openWatchedPage({ browser, system }, options)
  await page.goto(`${system.baseUrl}/#/videos/${videoId}`)
  await page.locator('video').waitFor()
  await expect.poll(() => read(page, 'readyState')).toBeGreaterThan(2)
  return page
}

async function play(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector('video').play()`)
  await expect.poll(() => read(page, 'currentTime')).toBeGreaterThan(0.6)
}

/** Resolves when the controls know of it. */
async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`document.querySelector('video').currentTime = ${seconds}`)
  await untilKnownAt(page, seconds)
}

/** The next key counts from where the controls know the video to be, a moment after it is there. */
async function untilKnownAt(page: Page, seconds: number): Promise<void> {
  const known = () => page.locator('media-controller').getAttribute('mediacurrenttime')
  await expect.poll(known).toBe(String(seconds))
  expect(await read(page, 'currentTime')).toBe(seconds)
}

/** Plays on and on: a quality is seen from the next segment on. */
async function loop(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector('video').loop = true`)
  await play(page)
}

function read(page: Page, property: string): Promise<unknown> {
  return page.evaluate(`document.querySelector('video').${property}`)
}

/** What opens one of the menus; within that, the way back has the same name. */
function menuItem(page: Page, menu: string) {
  return page.locator('media-settings-menu-item').filter({ hasText: menu })
}

/** Opens one of the menus and returns what it offers. */
async function itemsOf(page: Page, menu: string): Promise<string[]> {
  await page.getByRole('button', { name: 'settings' }).click()
  await menuItem(page, menu).click()
  const items = page.getByRole('menuitemradio')
  await items.first().waitFor()
  return items.allTextContents()
}

async function choose(page: Page, menu: string, item: string): Promise<void> {
  await itemsOf(page, menu)
  await page.getByRole('menuitemradio', { name: item, exact: true }).click()
}

/** The captions on screen. */
async function captions(page: Page): Promise<string[]> {
  const shown = await page.evaluate(
    `[...document.querySelector('video').textTracks].filter(({ kind, mode }) => kind === 'subtitles' && mode === 'showing')
      .flatMap(({ activeCues }) => [...activeCues].map(({ text }) => text))`,
  )
  return z.array(z.string()).parse(shown)
}

/** The colour in the middle of the picture above the seek bar, as its clip and place make it; null = none yet. */
async function pixelOfPreview(page: Page): Promise<number[] | null> {
  const pixel = await page.evaluate(`(() => {
    const box = document.querySelector('media-time-range').shadowRoot.querySelector('media-preview-thumbnail')
    const image = box.shadowRoot.querySelector('img')
    if (!image.complete || !image.naturalWidth || getComputedStyle(box).visibility !== 'visible') return null
    const { m41, m42 } = new DOMMatrix(getComputedStyle(image).transform)
    const scale = image.naturalWidth / image.width
    const canvas = new OffscreenCanvas(1, 1).getContext('2d')
    const [x, y] = [box.clientWidth / 2 - m41, box.clientHeight / 2 - m42]
    canvas.drawImage(image, x * scale, y * scale, 1, 1, 0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]
  })()`)
  return z.array(z.number()).nullable().parse(pixel)
}

/** Which of the colours it is; -1 = none of them. */
function nearest(pixel: number[] | null): number {
  if (!pixel) return -1
  const channels = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  return colours.findIndex((colour) =>
    channels(colour).every((value, at) => Math.abs(value - (pixel[at] ?? 0)) < 16),
  )
}

async function focusedText(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    return element?.textContent.trim()
  })()`)
}

/** A menu takes the focus when it has come into sight. */
async function pressWhenFocused(page: Page, key: string): Promise<void> {
  const before = await focusedText(page)
  await page.keyboard.press(key)
  await expect.poll(() => focusedText(page)).not.toBe(before)
}
