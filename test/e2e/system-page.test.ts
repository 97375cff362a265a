import { randomUUIDv7 } from 'node:crypto'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { aboutCode } from '../../src/error-codes.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

/** Slow on purpose, so that there is something to see. */
const unhurried = join(import.meta.dirname, '../fixtures/unhurried-ffmpeg.sh')
/** Each wait is for a state; the machine may be slow. */
const within = { timeout: 90_000 }

const failedSchema = z.object({ status: z.literal('failed'), error: z.object({ code: z.string() }) })

let system: TestSystem
let browser: Browser
let film: string

beforeAll(async () => {
  ;[system, browser, film] = await Promise.all([
    createTestSystem({ workers: 0 }),
    launchBrowser(),
    clip({ seconds: 60, width: 854, height: 480 }),
  ])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('the page says how to start a worker, shows what one does, and that it fell silent when it is killed', async () => {
  const page = await openPage()
  await page.getByText('No worker is running').waitFor(within)
  expect(await page.locator('.guide pre').first().textContent()).toBe('npm run worker')

  await system.startWorker('anna', { WORKER_SLOTS: '2', FFMPEG_PATH: unhurried })
  const worker = page.locator('.worker')
  await worker.waitFor(within)
  await page.getByText('No worker is running').waitFor({ ...within, state: 'hidden' })
  expect(await worker.locator('.slots i').count()).toBe(2)

  const id = await submit('The lighthouse', film)
  const link = worker.locator('.tasks a').first()
  await link.waitFor(within)
  expect(await link.textContent()).toBe('The lighthouse')
  expect(await link.getAttribute('href')).toBe(`#/videos/${id}`)
  await system.killWorker('anna', 'SIGKILL')
  await worker.locator('.pill', { hasText: 'Silent' }).waitFor(within)
  await page.getByText('Nobody is at work any more').waitFor(within)
  expect(await worker.locator('.worker-facts').textContent()).toContain('not heard of for')
  // Or the next worker would go on with it.
  expect((await fetch(`${system.baseUrl}/videos/${id}/cancel`, { method: 'POST' })).ok).toBe(true)
  expect(page.complaints).toEqual([])
})

test('a failure is counted under its code with its sentence, and leads to the failed videos', async () => {
  await system.startWorker('bert')
  const page = await openPage()
  const id = await submit('No film at all', import.meta.filename)
  const failure = page.locator('.failures li').first()
  await failure.waitFor(within)
  const { error } = failedSchema.parse(await (await fetch(`${system.baseUrl}/videos/${id}`)).json())
  expect(await failure.getAttribute('data-code')).toBe(error.code)
  expect(await failure.locator('strong').textContent()).toBe('1')
  expect((await failure.textContent())?.toLowerCase()).toContain(aboutCode(error.code)?.toLowerCase())

  // The chart, and the same numbers for who cannot see it.
  await page.locator('.plot[data-drawn][data-points="12"] canvas').waitFor(within)
  const rows = page.locator('table', { hasText: 'Throughput of the last hour' }).locator('tbody tr')
  expect(await rows.count()).toBe(12)
  const failed = await rows.locator('td:nth-child(3)').allTextContents()
  expect(failed.reduce((sum, text) => sum + Number(text), 0)).toBe(1)
  expect(await pixelsLike(page, '--chart-failed')).toBeGreaterThan(0)
  expect(page.complaints).toEqual([])

  await page.getByRole('link', { name: 'Show failed videos' }).click()
  await page.locator(`li[data-id="${id}"]`).waitFor(within)
  expect(page.complaints).toEqual([])
})

test('the page is updated in place: the focus stays, on a phone nothing sticks out, and the chart follows the colours', async () => {
  await system.sql`
    insert into workers (id, consumer, host, version, build, slots, seen_at)
    values ('clara', 'clara', 'clara', '1', 'b', 4, now() + interval '10 min')`
  await system.sql`
    insert into videos (id, status, source_kind, source_url, completed_at, error_code, error_message)
    values (${randomUUIDv7()}, 'failed', 'url', 'http://example.org/', now(), 'too_long', 'Too long.')`
  const page = await openPage({ width: 360, height: 800 })
  await page.locator('.plot[data-drawn]').waitFor(within)
  const worker = page.locator('.worker[data-id="clara"]')
  await worker.waitFor(within)
  expect(await sidewaysScroll(page)).toBe(0)
  await page.locator('.failures li[data-code="too_long"]').waitFor(within)
  const link = page.getByRole('link', { name: 'Show failed videos' })
  await link.focus()
  const before = await worker.elementHandle()
  for (let answers = 0; answers < 2; answers++) {
    await page.waitForResponse((response) => response.url().endsWith('/system'), within)
  }
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Show failed videos')
  expect(await before?.evaluate((element) => element.isConnected)).toBe(true)

  const light = await pixelsLike(page, '--chart-failed')
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(light).toBeGreaterThan(0)
  await expect.poll(() => pixelsLike(page, '--chart-failed'), within).toBeGreaterThan(0)
  expect(page.complaints).toEqual([])
})

test('a server that is gone is said to be, with the time, and the page comes back with it', async () => {
  const page = await openPage()
  await page.locator('.tiles').waitFor(within)
  await page.route('**/system', (route) => route.abort())
  await page.getByText(/^Not answering since \d\d:\d\d:\d\d\. The server does not answer/).waitFor(within)
  expect(await page.locator('.tiles').isVisible()).toBe(true)
  await page.unroute('**/system')
  await page.getByText('Not answering since').waitFor({ ...within, state: 'hidden' })
})

async function submit(title: string, path: string): Promise<string> {
  const key = await uploadFile({ baseUrl: system.baseUrl, path })
  return (await submitJob(system.baseUrl, { source: { key }, title })).id
}

/** The view in a page that notes every error and whatever its policy blocks. */
async function openPage(viewport = { width: 1280, height: 860 }) {
  const page = await browser.newPage({ viewport, colorScheme: 'light' })
  onTestFinished(() => page.close())
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
  })
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (e) => console.error('blocked ' + e.violatedDirective + ' ' + e.blockedURI))`,
  )
  await page.goto(`${system.baseUrl}/#/system`)
  await page.getByRole('heading', { level: 1, name: 'System' }).waitFor(within)
  return Object.assign(page, { complaints })
}

const sidewaysScroll = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')

/** How many pixels of the chart have the colour that this variable has now. */
function pixelsLike(page: Page, variable: string): Promise<number> {
  return page.evaluate<number>(`(() => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue('${variable}').trim()
    const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
    const canvas = document.querySelector('.plot canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let found = 0
    for (let at = 0; at < data.length; at += 4) {
      if (wanted.every((value, part) => data[at + part] === value)) found++
    }
    return found
  })()`)
}
