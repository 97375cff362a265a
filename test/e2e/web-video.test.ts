import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { json } from '../../src/db.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip, textNamedMp4 } from '../support/fixtures.ts'
import { untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openApp, sidewaysScroll } from '../support/watched-page.ts'

const hostileTitle = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
const patiently = { timeout: 120_000 }

let system: TestSystem
let browser: Browser
let film: string
/** A completed video, with figures. */
let made: string

beforeAll(async () => {
  ;[system, browser, film] = await Promise.all([
    createTestSystem({ workers: 1, slots: 2 }),
    launchBrowser(),
    clip({ seconds: 40, width: 640, height: 360 }),
  ])
  const key = await upload(await clip({ seconds: 4, width: 640, height: 360 }))
  const job = { source: { key }, title: hostileTitle, quality: true, metadata: { note: hostileTitle } }
  made = (await submitJob(system.baseUrl, job)).id
  expect(await untilEnded(system, made)).toMatchObject({ status: 'completed' })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

const open = (path: string, options = {}) => openApp({ browser, system }, path, options)
const upload = (path: string) => uploadFile({ baseUrl: system.baseUrl, path })
const pill = (page: Page, text: string | RegExp) => page.locator('.pill', { hasText: text })

/** Uploads the film and submits it; returns the video's id. */
async function submit(title: string): Promise<string> {
  return (await submitJob(system.baseUrl, { source: { key: await upload(film) }, title })).id
}

async function press(page: Page, action: string, confirmation: string): Promise<void> {
  await page.getByRole('button', { name: action, exact: true }).click()
  await page.getByRole('button', { name: confirmation }).click()
}

test('a video plays on its page while it is being made, from the start, and after a switch of quality', async () => {
  const id = await submit('Played early')
  const page = await open(`/#/videos/${id}`)
  const video = page.locator('video')
  await video.waitFor(patiently)
  await play(page)
  expect(await page.locator('.pill').textContent()).toBe('Processing')
  expect(await numberOf(page, 'currentTime')).toBeLessThan(6)
  await page.locator('.at-work li', { hasText: 'worker-1' }).first().waitFor(patiently)

  const lowest = page.locator('input[name="quality"]').last()
  const name = await lowest.inputValue()
  await lowest.check()
  await expect.poll(() => numberOf(page, 'videoHeight'), patiently).toBe(Number.parseInt(name, 10))
  const before = await numberOf(page, 'currentTime')
  await expect.poll(() => numberOf(page, 'currentTime'), patiently).toBeGreaterThan(before + 1)

  await pill(page, 'Completed').waitFor({ timeout: 240_000 })
  await expect.poll(() => page.locator('.renditions a').count(), patiently).toBeGreaterThan(1)
  await expect.poll(() => video.getAttribute('poster'), patiently).toBe(`/videos/${id}/poster.jpg`)
  await page.locator('.timeline > li[data-kind="completed"]').waitFor()
  await page.locator('.at-work').waitFor({ state: 'hidden' })
  expect(page.complaints).toEqual([])
}, 300_000)

test('the page of a completed video says what was made and why, what was checked, and who did it', async () => {
  const page = await open(`/#/videos/${made}`)
  await page.locator('h1', { hasText: hostileTitle }).waitFor()
  const rung = page.getByRole('table', { name: 'Rungs' }).locator('tbody tr').first()
  expect(await rung.allInnerTexts()).toEqual([
    expect.stringMatching(/360p.*640 × 360.*H\.264.*kb\/s.*120.*0\.9.*dB/s),
  ])
  const plan = page.locator('section', { has: page.getByRole('heading', { name: 'Plan', exact: true }) })
  await plan.getByText("The source's own size, 640×360.").waitFor()
  await plan.getByText('Larger than the source. Scaling up would add bits and no detail.').waitFor()
  await page.getByText('Every rung measured against the source.').waitFor()
  await page.getByText('all 11 passed').waitFor()
  await page.getByText('Every object is in the bucket, whole').waitFor()
  await page.locator('.runs li', { hasText: 'Final check' }).filter({ hasText: 'worker-1' }).waitFor()
  await page.getByRole('button', { name: 'Went wrong' }).click()
  await page.getByText('None of this kind.').waitFor()
  expect(await page.locator('.metadata').textContent()).toContain('<script>')
  expect(await page.locator('main script').count()).toBe(0)
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(page.complaints).toEqual([])
})

test('all that the page offers to take along is there, and goes to the clipboard', async () => {
  const page = await open(`/#/videos/${made}`)
  await page.getByRole('button', { name: 'Copy MP4' }).waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const addresses: string[] = []
  for (const name of ['HLS', 'DASH', 'Poster', 'Storyboard', 'MP4']) {
    await page.getByRole('button', { name: `Copy ${name}`, exact: true }).click()
    await page
      .getByRole('button', { name: `Copy ${name}`, exact: true })
      .getByText('Copied')
      .waitFor()
    addresses.push(String(await page.evaluate('navigator.clipboard.readText()')))
  }
  await page.getByRole('combobox', { name: 'Which MP4' }).selectOption({ label: 'MP4 144p' })
  addresses.push(await page.getByLabel('MP4, to copy').inputValue())
  expect(addresses.at(-1)).toBe(`${system.baseUrl}/videos/${made}/mp4/144p`)
  for (const address of addresses) expect([address, (await fetch(address)).status]).toEqual([address, 200])

  const embed = await page.getByLabel('Embed, to copy').inputValue()
  const elsewhere = await browser.newPage()
  onTestFinished(() => elsewhere.close())
  await elsewhere.setContent(embed)
  const frame = elsewhere.locator('body > *')
  expect([await frame.count(), await frame.getAttribute('title')]).toEqual([1, hostileTitle])
  expect(await frame.getAttribute('src')).toBe(`${system.baseUrl}/embed/${made}`)
  await page.getByText('From a terminal').click()
  expect(await page.locator('.commands pre').textContent()).toContain(
    `curl -fsS ${system.baseUrl}/videos/${made}\n`,
  )
  expect(page.complaints).toEqual([])
})

test('a failed video shows what to do and what was said, as text alone, and a retry makes it of a new source', async () => {
  const key = await upload(textNamedMp4())
  const { id } = await submitJob(system.baseUrl, { source: { key }, title: 'Once a letter' })
  expect(await untilEnded(system, id)).toMatchObject({ status: 'failed' })
  const error = { code: 'unsupported_container', message: 'no film', stderr: `line 1\n${hostileTitle}` }
  await system.sql`
    update task_runs set error = ${json(system.sql, error)} where task_id in (select id from tasks where video_id = ${id})`
  const page = await open(`/#/videos/${id}`)
  await page.getByText('Convert it to MP4 or Matroska').waitFor()
  const log = page.locator('.problem-log pre')
  await log.waitFor()
  expect(await log.textContent()).toBe(error.stderr)
  await page.getByText('What ffmpeg said last', { exact: true }).click()
  expect(await page.locator('.runs pre').textContent()).toBe(error.stderr)
  expect(await page.locator('main script, .log img').count()).toBe(0)

  const replacement = await readFile(await clip({ seconds: 4, width: 640, height: 360 }))
  await system.storage.put(key, replacement, {
    contentType: 'application/octet-stream',
    signal: AbortSignal.timeout(30_000),
  })
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await pill(page, 'Completed').waitFor(patiently)
  await log.waitFor({ state: 'hidden' })
  await page.locator('.timeline').getByText('The source is another one now').waitFor()
  await page.locator('.runs li[data-outcome="failed"]').waitFor()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(page.complaints).toEqual([])
})

test('a person cancels, retries and deletes a video', async () => {
  const id = await submit('Changed my mind')
  const page = await open(`/#/videos/${id}`)
  await press(page, 'Cancel', 'Cancel the video')
  await pill(page, 'Cancelled').waitFor()
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await pill(page, /Queued|Processing/).waitFor()
  await press(page, 'Delete', 'Delete for good')
  await page.getByRole('heading', { name: 'Videos' }).waitFor()
  await page.locator(`li[data-id="${made}"]`).waitFor()
  await page.locator(`li[data-id="${id}"]`).waitFor({ state: 'detached' })
  expect((await fetch(`${system.baseUrl}/videos/${id}`)).status).toBe(404)
  expect(page.complaints).toEqual([])
})

test('an address of no video says so without an error', async () => {
  for (const id of ['01a1fd8b-7757-71bc-923e-4f62b2894ab8', 'film', '..%2F..']) {
    const page = await open(`/#/videos/${id}`)
    await page.getByRole('heading', { name: 'This video is not here' }).waitFor()
    expect(page.complaints).toEqual([])
  }
})

test('the page of a video fits a phone, in the dark too', async () => {
  const page = await open(`/#/videos/${made}`, { viewport: { width: 360, height: 800 }, colorScheme: 'dark' })
  await page.locator('.runs li').first().waitFor()
  await page.getByText('From a terminal').click()
  expect(await sidewaysScroll(page)).toBe(0)
  expect(page.complaints).toEqual([])
})

test('two tabs of one video stay in step, and one that another tab deletes says so', async () => {
  // While it waits, no player asks for what the other tab stops.
  await system.killWorker('worker-1', 'SIGTERM')
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const id = await submit('Seen twice')
  const one = await open(`/#/videos/${id}`, { context })
  const other = await open(`/#/videos/${id}`, { context })
  await pill(other, /Queued|Processing/).waitFor()
  await press(one, 'Cancel', 'Cancel the video')
  await pill(other, 'Cancelled').waitFor()
  await other.locator('.timeline > li[data-kind="cancelled"]').waitFor()
  await other.getByRole('button', { name: 'Retry', exact: true }).click()
  await one.locator('.timeline > li[data-kind="retried"]').waitFor()
  await press(other, 'Cancel', 'Cancel the video')
  await pill(one, 'Cancelled').waitFor()

  await quiet(other)
  await press(one, 'Delete', 'Delete for good')
  await other.getByText('“Seen twice” was deleted.').waitFor()
  await other.getByRole('link', { name: 'All videos' }).click()
  await other.locator(`li[data-id="${made}"]`).waitFor()
  expect([one.complaints, other.complaints]).toEqual([[], []])
})

/** Until the page has asked for nothing for a while: what is on its way would meet what happens next. */
async function quiet(page: Page): Promise<void> {
  const last = `performance.getEntriesByType('resource').reduce((end, entry) => Math.max(end, entry.startTime, entry.responseEnd), 0)`
  await expect.poll(() => page.evaluate(`performance.now() - ${last}`), patiently).toBeGreaterThan(1500)
}

async function play(page: Page): Promise<void> {
  await expect.poll(() => numberOf(page, 'readyState'), patiently).toBeGreaterThan(1)
  await page.evaluate(`document.querySelector('video').play()`)
  await expect.poll(() => numberOf(page, 'currentTime'), patiently).toBeGreaterThan(1)
}

async function numberOf(page: Page, property: string): Promise<number> {
  return Number(await page.evaluate(`document.querySelector('video').${property}`))
}
