import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../src/api/openapi/operations.ts'
import { launchBrowser } from '../support/browser.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openApp, sidewaysScroll } from '../support/watched-page.ts'

let system: TestSystem
let browser: Browser
beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 0 }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('the reference shows every route, under the policy of the page and with nothing from elsewhere', async () => {
  const page = await openApp({ browser, system }, '/docs')
  await page.getByRole('heading', { level: 1, name: 'HTTP API' }).waitFor()
  const shown = await page.locator('article').evaluateAll((articles) => articles.map(({ id }) => id))
  expect(shown.sort()).toEqual(operations.map(({ id }) => id).sort())
  expect(page.complaints).toEqual([])
})

test('a search leaves what has the words, and fields unfold down to their own', async () => {
  const page = await openApp({ browser, system }, '/docs')
  await page.getByRole('searchbox').fill('retry')
  await page.getByText('1 found').waitFor()
  expect(await page.locator('article:visible').count()).toBe(1)

  await page.getByRole('searchbox').fill('')
  const video = page.locator('#getVideo')
  await video.getByText('Fields', { exact: true }).first().click()
  const resolutions = video.locator('.fields > li').filter({ hasText: /^resolutions/ })
  await resolutions.getByText('Fields').click()
  await resolutions.getByText('max_bitrate_bps').waitFor()
  expect(page.complaints).toEqual([])
})

test('an address of one route leads to it, in a narrow window too', async () => {
  const page = await openApp({ browser, system }, '/docs#retryVideo', {
    viewport: { width: 360, height: 700 },
  })
  await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(1000)
  expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0)
})

test('what the page offers to copy does what it says', async () => {
  const page = await openApp({ browser, system }, '/docs')
  const command = await page.locator('#getLimits pre').first().textContent()
  const [, address = ''] = /'(http[^']+)'/.exec(command ?? '') ?? []
  expect((await fetch(address)).status).toBe(200)
})
