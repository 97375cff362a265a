import { randomUUIDv7 } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { startTcpProxy } from '../chaos/support/proxy.ts'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { openApp, sidewaysScroll } from '../support/watched-page.ts'

const hostileTitle = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

let system: TestSystem
let browser: Browser

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 0 }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})
beforeEach(async () => {
  await system.sql`delete from videos`
})

const open = (path: string, options = {}) => openApp({ browser, system }, path, options)
const eventually = <T>(read: () => Promise<T>) => expect.poll(read)
const row = (page: Page, id: string) => page.locator(`li[data-id="${id}"]`)
const titles = (page: Page) => page.locator('.row-title').allTextContents()

/** Videos that are over, each a minute older than the one before. */
async function insertVideos(names: readonly string[], status = 'completed'): Promise<string[]> {
  const ids = names.map(() => randomUUIDv7())
  for (const [at, title] of names.entries()) {
    const failed = status === 'failed'
    await system.sql`
      insert into videos (id, title, status, source_kind, created_at, completed_at, error_code, error_message)
      values (${ids[at] ?? ''}, ${title}, ${status}, 'key', now() - ${at + 1}::int * interval '1 min', now(),
              ${failed ? 'no_video' : null}, ${failed ? 'there is nothing to see' : null})`
  }
  return ids
}

async function submit(title: string, seconds = 4): Promise<string> {
  const path = await clip({ seconds, width: 640, height: 360 })
  const key = await uploadFile({ baseUrl: system.baseUrl, path })
  return (await submitJob(system.baseUrl, { source: { key }, title })).id
}

async function post(path: string): Promise<void> {
  expect((await fetch(`${system.baseUrl}${path}`, { method: 'POST' })).status).toBe(200)
}

test('an empty list leads to the upload, and says how it goes from a terminal', async () => {
  const page = await open('/')
  await page.getByText('No videos yet').waitFor()
  expect(await page.locator('.empty pre').first().textContent()).toContain(`${system.baseUrl}/uploads`)
  await page.getByRole('link', { name: 'Upload a video' }).click()
  await page.getByRole('heading', { level: 1, name: 'Upload' }).waitFor()
  expect(page.complaints).toEqual([])
})

test('a search narrows the list, is in the address, and survives a reload and the way back', async () => {
  const lessons = Array.from({ length: 30 }, (_, index) => `Lesson ${index + 1}`)
  await insertVideos([...lessons, 'A 100% striped zebra'])
  const page = await open('/')
  await row(page, await idOf('Lesson 1')).waitFor()
  const box = page.getByRole('searchbox', { name: 'Search titles' })
  await box.fill('100% STRIPED')
  await eventually(() => titles(page)).toEqual(['A 100% striped zebra'])
  expect(page.url()).toContain('#/?q=100%25+STRIPED')

  await page.reload()
  await eventually(() => titles(page)).toEqual(['A 100% striped zebra'])
  expect(await box.inputValue()).toBe('100% STRIPED')
  await page.locator('.row').click()
  await page.locator('h1', { hasText: 'zebra' }).waitFor()
  await page.goBack()
  await eventually(() => titles(page)).toEqual(['A 100% striped zebra'])
  expect(await box.inputValue()).toBe('100% STRIPED')

  await box.fill(hostileTitle)
  await page.getByText(`No title has “${hostileTitle}” in it.`).waitFor()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await eventually(async () => (await titles(page)).length).toBe(25)
  expect(page.url()).not.toContain('q=')
  expect(page.complaints).toEqual([])
})

test('a list of one status and one search shows what comes to meet both, and loses what no longer does', async () => {
  await insertVideos(['Zebra of old'], 'failed')
  const page = await open('/#/?status=queued&q=zebra')
  await page.getByText('among those that are queued').waitFor()
  const other = await submit('A lion')
  const id = await submit('A zebra')
  await row(page, id).waitFor()
  expect(await titles(page)).toEqual(['A zebra'])
  await page.getByText('Number 2 in the queue').waitFor()

  await post(`/videos/${other}/cancel`)
  await page.getByText('Next in the queue').waitFor()
  await post(`/videos/${id}/cancel`)
  await row(page, id).waitFor({ state: 'detached' })
  await page.getByText('among those that are queued').waitFor()
  await page.getByRole('link', { name: 'Failed', exact: true }).click()
  await eventually(() => titles(page)).toEqual(['Zebra of old'])
  expect(await page.getByRole('searchbox').inputValue()).toBe('zebra')
  expect(page.complaints).toEqual([])
})

test('a long list comes in pages, each video once and the latest first', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `Lesson ${index + 1}`)
  await insertVideos(names)
  const page = await open('/')
  const more = page.getByRole('button', { name: 'Load more' })
  await more.click()
  await eventually(async () => (await titles(page)).length).toBe(50)
  await more.click()
  await eventually(() => titles(page)).toEqual(names)
  await more.waitFor({ state: 'hidden' })
  const fresh = await submit('Fresh')
  await row(page, fresh).waitFor()
  expect(await titles(page)).toEqual(['Fresh', ...names])
  expect(page.complaints).toEqual([])
})

test('Retry stands in the row of what failed, and the row tells what became of it', async () => {
  const id = await submit('Tried again')
  await system.sql`
    update videos set status = 'failed', error_code = 'internal_error', error_message = 'no luck', completed_at = now(),
                      updated_at = now() where id = ${id}`
  await system.sql`update tasks set state = 'failed' where video_id = ${id}`
  const page = await open('/#/?status=failed')
  await row(page, id).getByText('No luck.').waitFor()
  await row(page, id).getByRole('button', { name: 'Retry Tried again' }).click()
  await row(page, id).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Queued', exact: true }).click()
  await row(page, id).getByText('Next in the queue').waitFor()
  expect(page.complaints).toEqual([])
})

test('two tabs show the same: what one cancels and deletes, the other sees', async () => {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const id = await submit('Seen twice')
  const list = await open('/', { context })
  await row(list, id).waitFor()
  const video = await open(`/#/videos/${id}`, { context })
  await video.getByRole('button', { name: 'Cancel' }).click()
  await video.getByRole('button', { name: 'Cancel the video' }).click()
  await row(list, id).locator('.pill', { hasText: 'Cancelled' }).waitFor()
  await video.locator('.pill', { hasText: 'Cancelled' }).waitFor()
  await video.getByRole('button', { name: 'Delete' }).click()
  await video.getByRole('button', { name: 'Delete for good' }).click()
  await row(list, id).waitFor({ state: 'detached' })
  await video.getByText('No videos yet').waitFor()
  await list.getByText('No videos yet').waitFor()
  expect([list.complaints, video.complaints]).toEqual([[], []])
})

test('a list whose connection was cut catches up with what it missed', async () => {
  await using proxy = await startTcpProxy(system.baseUrl)
  const [old = ''] = await insertVideos(['Long ago'])
  const changed = await submit('Changed meanwhile')
  const baseUrl = proxy.through(system.baseUrl)
  const page = await open('/', { baseUrl, expected: /net::ERR_/ })
  const sign = page.getByRole('status')
  await row(page, old).waitFor()
  await row(page, changed).locator('.pill', { hasText: 'Queued' }).waitFor()
  await eventually(() => sign.textContent()).toBe('Live')

  proxy.refuse()
  proxy.cut()
  await eventually(() => sign.textContent()).toBe('Reconnecting…')
  await post(`/videos/${changed}/cancel`)
  expect((await fetch(`${system.baseUrl}/videos/${old}`, { method: 'DELETE' })).status).toBe(204)
  const [over = ''] = await insertVideos(['Over meanwhile'])
  await proxy.heal()
  await eventually(() => sign.textContent()).toBe('Live')
  await row(page, over).waitFor()
  await row(page, old).waitFor({ state: 'detached' })
  await row(page, changed).locator('.pill', { hasText: 'Cancelled' }).waitFor()
  const fresh = await submit('And on it goes')
  await row(page, fresh).waitFor()
  expect(page.complaints).toEqual([])
})

test('a submitted video appears in the open list by itself, and its bar moves until it is completed', async () => {
  const page = await open('/')
  await page.getByText('No videos yet').waitFor()
  const id = await submit(hostileTitle, 40)
  const own = row(page, id)
  await own.waitFor()
  await system.startWorker('worker-1', { WORKER_SLOTS: '2' })

  const seen = new Set<number>()
  const bar = own.getByRole('progressbar', { includeHidden: true })
  await expect
    .poll(
      async () => {
        const percent = await bar.getAttribute('aria-valuenow')
        if (percent !== null) seen.add(Number(percent))
        return own.locator('.pill').textContent()
      },
      { timeout: 240_000, interval: 100 },
    )
    .toBe('Completed')

  const percents = [...seen]
  expect(percents.length).toBeGreaterThan(3)
  expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  expect(await own.locator('.row-title').textContent()).toBe(hostileTitle)
  await own.getByText('3 rungs').waitFor()
  await own.locator('img').waitFor()
  expect(page.complaints).toEqual([])
}, 300_000)

test('the list fits a phone in the dark, and the keyboard reaches a video', async () => {
  const [id = ''] = await insertVideos([`A long title ${'and_longer'.repeat(28)}`], 'failed')
  const page = await open('/', { viewport: { width: 360, height: 800 }, colorScheme: 'dark' })
  await row(page, id).waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  await page.getByRole('searchbox').focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.locator('.actions').waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  expect(page.complaints).toEqual([])
})

async function idOf(title: string): Promise<string> {
  const [video] = await system.sql<{ id: string }[]>`select id from videos where title = ${title}`
  return video?.id ?? ''
}
