import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { submitJob, uploadFile } from '../../src/cli/client/submit.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const hostileTitle = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

let system: TestSystem
let browser: Browser
let film: string

beforeAll(async () => {
  ;[system, browser, film] = await Promise.all([
    createTestSystem({ workers: 1, slots: 2 }),
    launchBrowser(),
    clip({ seconds: 60, width: 854, height: 480 }),
  ])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('an empty list says how to hand in a video', async () => {
  const page = await openPage('/')
  await page.getByText('No videos yet').waitFor()
  expect(await page.locator('.empty pre').first().textContent()).toContain(`${system.baseUrl}/uploads`)
  expect(page.complaints).toEqual([])
})

test('a submitted video appears in the open list by itself, and its bar moves until it is completed', async () => {
  const page = await openPage('/')
  await page.getByText('No videos yet').waitFor()
  const id = await submit(hostileTitle)
  const row = page.locator(`li[data-id="${id}"]`)
  await row.waitFor()

  const seen = new Set<number>()
  const bar = row.getByRole('progressbar', { includeHidden: true })
  await expect
    .poll(
      async () => {
        const percent = await bar.getAttribute('aria-valuenow')
        if (percent !== null) seen.add(Number(percent))
        return row.locator('.pill').textContent()
      },
      { timeout: 120_000, interval: 100 },
    )
    .toBe('Completed')

  const percents = [...seen]
  expect(percents.length).toBeGreaterThan(3)
  expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  expect(await row.locator('.row-title').textContent()).toBe(hostileTitle)
  expect(page.complaints).toEqual([])
})

test('a video plays on its page while it is being made, from the start, and after a switch of quality', async () => {
  const id = await submit('Played early')
  const page = await openPage(`/#/videos/${id}`)
  const video = page.locator('video')
  await video.waitFor()
  await play(page)
  expect(await page.locator('.pill').textContent()).toBe('Processing')
  expect(await numberOf(page, 'currentTime')).toBeLessThan(6)

  const lowest = page.locator('input[name="quality"]').last()
  const name = await lowest.inputValue()
  await lowest.check()
  await expect.poll(() => numberOf(page, 'videoHeight'), { timeout: 60_000 }).toBe(Number.parseInt(name, 10))
  const before = await numberOf(page, 'currentTime')
  await expect.poll(() => numberOf(page, 'currentTime'), { timeout: 30_000 }).toBeGreaterThan(before + 1)

  await page.locator('.pill', { hasText: 'Completed' }).waitFor({ timeout: 120_000 })
  await expect.poll(() => page.locator('.renditions a').count()).toBeGreaterThan(1)
  await expect.poll(() => video.getAttribute('poster')).toBe(`/videos/${id}/poster.jpg`)
  expect(await page.locator('.timeline > li[data-kind="completed"]').count()).toBe(1)
  expect(page.complaints).toEqual([])
})

test('a hostile title is text on the page of its video too', async () => {
  const id = await submit(hostileTitle)
  const page = await openPage(`/#/videos/${id}`)
  await expect.poll(() => page.locator('h1').textContent()).toBe(hostileTitle)
  expect(await page.locator('main img[src], main script').count()).toBe(0)
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(await page.title()).toContain(hostileTitle)
  expect(page.complaints).toEqual([])
})

test('a person cancels, retries and deletes a video', async () => {
  const id = await submit('Changed my mind')
  const page = await openPage(`/#/videos/${id}`)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Cancel the video' }).click()
  await page.locator('.pill', { hasText: 'Cancelled' }).waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.locator('.pill', { hasText: /Queued|Processing/ }).waitFor()
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByRole('heading', { name: 'Videos' }).waitFor()
  await expect.poll(() => page.locator(`li[data-id="${id}"]`).count()).toBe(0)
  expect((await fetch(`${system.baseUrl}/videos/${id}`)).status).toBe(404)
  expect(page.complaints).toEqual([])
})

test('the list and a video fit a phone, in the dark too, and the keyboard reaches a video', async () => {
  const id = await submit(`A long title ${'and_longer'.repeat(28)}`)
  const page = await openPage('/', { width: 390, height: 844 })
  const link = page.locator(`li[data-id="${id}"] a`)
  await link.waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  await link.focus()
  await page.keyboard.press('Enter')
  await page.locator('.actions').waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  expect(page.complaints).toEqual([])
})

/** Uploads the film and submits it; returns the video's id. */
async function submit(title: string): Promise<string> {
  const key = await uploadFile({ baseUrl: system.baseUrl, path: film })
  return (await submitJob(system.baseUrl, { source: { key }, title })).id
}

/** A page that notes everything it should not do: errors, blocked content, calls to anywhere else. */
async function openPage(path: string, viewport = { width: 1280, height: 860 }) {
  const page = await browser.newPage({ viewport, colorScheme: viewport.width < 500 ? 'dark' : 'light' })
  onTestFinished(() => page.close())
  const complaints: string[] = []
  const ours = [system.baseUrl, new URL(system.config.S3_ENDPOINT).origin]
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Asking whether it plays yet is answered by a 404, which the browser calls an error by itself.
    const asking = message.location().url.endsWith('/hls/master.m3u8') && message.text().includes('404')
    if (message.type() === 'error' && !asking) complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'blob:' && !ours.includes(url.origin)) complaints.push(`called ${url.href}`)
  })
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (e) => console.error('blocked ' + e.violatedDirective + ' ' + e.blockedURI))`,
  )
  const response = await page.goto(system.baseUrl + path)
  expect(response?.headers()['content-security-policy']).toContain(`default-src 'self'`)
  return Object.assign(page, { complaints })
}

async function play(page: Page): Promise<void> {
  await expect.poll(() => numberOf(page, 'readyState'), { timeout: 60_000 }).toBeGreaterThan(1)
  await page.evaluate(`document.querySelector('video').play()`)
  await expect.poll(() => numberOf(page, 'currentTime'), { timeout: 30_000 }).toBeGreaterThan(1)
}

async function numberOf(page: Page, property: string): Promise<number> {
  return Number(await page.evaluate(`document.querySelector('video').${property}`))
}

async function sidewaysScroll(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
}
