import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createKey, revokeKey } from '../../src/auth/api-keys.ts'
import type { Scope } from '../../src/auth/scopes.ts'
import { submitJob } from '../../src/cli/client/submit.ts'
import { getVideo } from '../../src/cli/client/videos.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { violations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { sixColours } from '../support/six-colours.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openApp, openWatchedPage, sidewaysScroll } from '../support/watched-page.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

/** Nothing here is about speed, and the machine may be busy. */
const patience = { timeout: 60_000 }
/** A refusal is an error to the console, whoever asked for it. */
const refusal = /status of 401/

let system: TestSystem
let browser: Browser
let key: string
let id: string

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 1, slots: 2 }), launchBrowser()])
  key = (await makeKey(['submit', 'read', 'admin'])).text
  const api = { baseUrl: system.baseUrl, key }
  await vi.waitUntil(async () => (await fetch(`${system.baseUrl}/videos`)).status === 401, patience)
  const source = { key: await uploadFile({ ...api, path: await sixColours() }) }
  ;({ id } = await submitJob(api, { source, title: 'Six colours' }))
  await vi.waitUntil(async () => (await getVideo(api, id)).status === 'completed', {
    timeout: 180_000,
    interval: 500,
  })
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('the page asks for a key, goes on where it was, plays and follows by its cookie, and signs out', async () => {
  const page = await openApp({ browser, system }, `/#/videos/${id}`, { expected: refusal })
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await violations(page)).toEqual([])
  const field = page.getByLabel('Key')
  await field.fill('not a key')
  await field.press('Enter')
  await page.getByRole('alert').getByText('There is no such key').waitFor()

  await field.fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Six colours' }).waitFor()
  await expect
    .poll(() => page.evaluate(`document.querySelector('video')?.readyState`), patience)
    .toBeGreaterThan(1)
  expect(await page.evaluate('document.cookie')).toBe('')
  expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(
    key,
  )
  const embed = await page.getByLabel('Embed, to copy').inputValue()
  expect(embed).toMatch(/\/embed\/[\w-]+\?token=[\w.-]+"/)

  await page.reload()
  await page.getByRole('heading', { name: 'Six colours' }).waitFor()
  await page.getByRole('navigation').getByRole('link', { name: 'Videos' }).click()
  await page.locator('#live', { hasText: 'Live' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(page.complaints).toEqual([])
})

test('a key that ends while somebody looks brings the form, and leaves out views that another is not for', async () => {
  const reader = await makeKey(['read'])
  const page = await openApp({ browser, system }, '/', {
    expected: refusal,
    viewport: { width: 360, height: 700 },
  })
  await page.getByLabel('Key').fill(reader.text)
  expect(await sidewaysScroll(page)).toBe(0)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Six colours').waitFor()
  await page.locator('#live', { hasText: 'Live' }).waitFor()
  expect(await page.getByRole('navigation').getByRole('link', { name: 'System' }).isVisible()).toBe(false)
  expect(await page.getByRole('navigation').getByRole('link', { name: 'Upload' }).isVisible()).toBe(false)
  expect(await sidewaysScroll(page)).toBe(0)
  await revokeKey(system.sql, reader.key.id)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(page.complaints).toEqual([])
})

test('a link plays in a frame of another site, pictures of the seek bar with it, and not without its token', async () => {
  const { links } = await getVideo({ baseUrl: system.baseUrl, key }, id)
  const address = new URL(String(links.embed), system.baseUrl).href
  const site = await siteWith(address)
  const page = await openWatchedPage({ browser, system }, { friends: [site] })
  await page.goto(site)
  const frame = page.frameLocator('iframe')
  await frame.getByRole('button', { name: 'play', exact: true }).click()
  const time = () => frame.locator('video').evaluate((video) => Reflect.get(video, 'currentTime'))
  await expect.poll(time, patience).toBeGreaterThan(1)
  await frame.locator('media-time-range').hover()
  await frame.locator('media-preview-thumbnail img').waitFor()
  const loaded = () =>
    frame.locator('media-preview-thumbnail img').evaluate((image) => Reflect.get(image, 'naturalWidth'))
  await expect.poll(loaded, patience).toBeGreaterThan(0)
  expect(page.complaints).toEqual([])

  const without = await openWatchedPage({ browser, system }, { expected: refusal })
  await without.goto(`${system.baseUrl}/embed/${id}`)
  await without.getByText('This link does not hold any more').waitFor()
  expect(without.complaints).toEqual([])
})

function makeKey(scopes: Scope[]) {
  return createKey(system.sql, { name: 'browser', owner: 'anna', scopes, expiresInS: null })
}

async function siteWith(address: string): Promise<string> {
  const html = `<!doctype html><title>Another site</title><link rel="icon" href="data:,">
    <iframe src="${address}" style="width: 640px; height: 360px; border: 0" allow="autoplay; fullscreen"></iframe>`
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return `http://localhost:${port}`
}
