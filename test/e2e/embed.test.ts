import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Frame } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { clip, textNamedMp4 } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { sixColours, sixColoursSeconds } from '../support/six-colours.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openWatchedPage } from '../support/watched-page.ts'

/** Where pictures of the player are left to be looked at; not in git. */
const screenshots = join(import.meta.dirname, '../../.local/screenshots')
const hostileTitle = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

let system: TestSystem
let browser: Browser
let id: string

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 1, slots: 2 }), launchBrowser()])
  ;({ id } = await submitFile(system, await sixColours(), hostileTitle))
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('in a frame on another site it plays, shows pictures above its seek bar and fills the screen', async () => {
  const site = await siteWith(`/embed/${id}`)
  const page = await openWatchedPage({ browser, system }, { friends: [site] })
  await page.goto(site)
  const frame = await frameOf(page.frames())
  await frame.getByRole('button', { name: 'play', exact: true }).click()
  await expect.poll(() => read(frame, 'currentTime')).toBeGreaterThan(1)

  await frame.locator('media-time-range').hover()
  await frame.locator('media-preview-thumbnail img').waitFor()
  const loaded = () =>
    frame.evaluate(`document.querySelector('media-time-range').shadowRoot
      .querySelector('media-preview-thumbnail').shadowRoot.querySelector('img').naturalWidth`)
  await expect.poll(loaded).toBeGreaterThan(0)
  await page.screenshot({ path: join(screenshots, 'embedded.png') })

  await frame.getByRole('button', { name: 'enter fullscreen mode' }).click()
  await expect.poll(() => page.evaluate('document.fullscreenElement?.localName')).toBe('iframe')
  expect(page.complaints).toEqual([])
})

test('its title is text, its poster is there before it plays, and nothing of the app is around it', async () => {
  const page = await openWatchedPage({ browser, system }, { viewport: { width: 480, height: 270 } })
  await page.goto(`${system.baseUrl}/embed/${id}`)
  await expect.poll(() => page.locator('.player-title').textContent()).toBe(hostileTitle)
  expect(await page.title()).toBe(hostileTitle)
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(await page.locator('video').getAttribute('poster')).toBe(`/videos/${id}/poster.jpg`)
  expect(await page.locator('header, nav, a').count()).toBe(0)
  const box = await page.locator('media-controller').boundingBox()
  expect(box).toEqual({ x: 0, y: 0, width: 480, height: 270 })
  expect(page.complaints).toEqual([])
})

test('the address says where it begins, that it plays by itself without sound, and again', async () => {
  const page = await openWatchedPage({ browser, system })
  await page.addInitScript(
    `addEventListener('playing', ({ target }) => { window.began ??= target.currentTime }, true)`,
  )
  await page.goto(`${system.baseUrl}/embed/${id}?t=0m9s&autoplay=1&muted=1&loop=1`)
  const player = page.mainFrame()
  await expect.poll(() => page.evaluate('window.began')).toBeGreaterThanOrEqual(8.9)
  expect(await read(player, 'muted')).toBe(true)
  // Anything earlier is the second time round.
  const again = async () => Number(await read(player, 'currentTime'))
  await expect.poll(again).toBeLessThan(sixColoursSeconds - 4)
  expect(await read(player, 'paused')).toBe(false)
  expect(page.complaints).toEqual([])
})

test.each(['?t=-5', '?t=1e9', '?t=<script>', '?t=99999999999h', '?autoplay=yes&muted=no', '?t=9999'])(
  'an address that asks for nonsense plays all the same: %s',
  async (query) => {
    const page = await openWatchedPage({ browser, system })
    await page.goto(`${system.baseUrl}/embed/${id}${query}`)
    await page.locator('video').waitFor()
    await expect.poll(() => read(page.mainFrame(), 'readyState')).toBeGreaterThan(0)
    expect(await read(page.mainFrame(), 'muted')).toBe(false)
    expect(page.complaints).toEqual([])
  },
)

test.each([
  ['an unknown one', '00000000-0000-7000-8000-000000000000'],
  ['a long one', 'x'.repeat(500)],
  ['markup', '%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
  ['no text at all', '%E0%A4%A'],
  ['another path', '..%2f..%2fvideos'],
  ['a zero byte', '%00'],
])('an address of no video says so: %s', async (_, name) => {
  const page = await openWatchedPage({ browser, system })
  await page.goto(`${system.baseUrl}/embed/${name}`)
  await page.getByText('This video is not here').waitFor()
  expect(await page.locator('video').count()).toBe(0)
  // The answer itself, which the browser calls an error by itself.
  expect(page.complaints.filter((text) => !/status of 40[04]/.test(text))).toEqual([])
})

test('a video that failed says so, and one that waits begins by itself', async () => {
  const failed = await submitFile(system, textNamedMp4(), 'A letter')
  expect(await untilEnded(system, failed.id)).toMatchObject({ status: 'failed' })
  const page = await openWatchedPage({ browser, system })
  await page.goto(`${system.baseUrl}/embed/${failed.id}`)
  await page.getByText('This video could not be made').waitFor()
  expect(await page.getByText('A letter').count()).toBe(1)

  const waiting = await submitFile(system, await clip({ seconds: 6 }), 'Soon')
  await page.goto(`${system.baseUrl}/embed/${waiting.id}?autoplay=1`)
  await page.locator('video').waitFor()
  await expect.poll(() => read(page.mainFrame(), 'currentTime')).toBeGreaterThan(1)
  await page.locator('track[label="thumbnails"]').waitFor({ state: 'attached' })
  expect(page.complaints).toEqual([])
})

test('any site may frame it, and none the app', async () => {
  const policyOf = async (path: string) => {
    const { headers } = await fetch(system.baseUrl + path)
    expect(headers.get('x-frame-options')).toBeNull()
    return headers.get('content-security-policy')
  }
  expect(await policyOf(`/embed/${id}`)).toContain('frame-ancestors *')
  expect(await policyOf('/')).toContain(`frame-ancestors 'none'`)
  expect(await policyOf('/')).not.toContain('unsafe')
})

/** A site of its own that shows the path of the API in a frame; returns its address. */
async function siteWith(path: string): Promise<string> {
  const frame = `<iframe src="${system.baseUrl}${path}" width="640" height="360" allow="autoplay; fullscreen" title="film"></iframe>`
  const server = createServer((_, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><link rel="icon" href="data:,">${frame}`)
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // Another host than the API's, so that it is another site too.
  const { port } = server.address() as AddressInfo
  return `http://localhost:${port}`
}

async function frameOf(frames: readonly Frame[]): Promise<Frame> {
  const frame = frames.find((one) => one.url().includes('/embed/'))
  if (!frame) throw new Error('there is no frame')
  await frame.locator('video').waitFor()
  return frame
}

function read(frame: Frame, property: string): Promise<unknown> {
  return frame.evaluate(`document.querySelector('video').${property}`)
}
