import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { emptyFile, shortClip } from '../support/fixtures.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { choose, hold, paddedClip, untilCompleted, videosCalled, visit } from '../support/upload-page.ts'

const MiB = 2 ** 20
const maxBytes = 60 * MiB

let system: TestSystem
let browser: Browser
let folder: string
let film: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepladder-upload-'))
  const environment = { MAX_SOURCE_BYTES: String(maxBytes) }
  ;[system, browser, film] = await Promise.all([
    createTestSystem({ environment }),
    launchBrowser(),
    shortClip(),
  ])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const here = () => ({ system, browser })
/** A part has 16 MiB: these are two and three of them. */
const twoParts = 17 * MiB
const threeParts = 33 * MiB
const wholeFile = /\/source\/[\w-]+\?X-Amz/
const file = (name: string) => join(folder, name)

test('several files are uploaded with their titles and become videos that complete', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  const big = await paddedClip(file('Summer in the hills.mkv'), threeParts)
  await choose(page, big, film)
  await page
    .getByRole('button', { name: /^Change the title of/ })
    .last()
    .click()
  await page.getByLabel('Title', { exact: true }).fill('A short one')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByLabel('Priority').selectOption('high')
  await page.getByRole('button', { name: 'Upload 2 files' }).click()

  await page.getByRole('link', { name: 'A short one' }).waitFor()
  await page.getByRole('link', { name: 'the list of videos' }).waitFor()
  const short = await untilCompleted(system, 'A short one')
  await untilCompleted(system, 'Summer in the hills')
  expect(short.priority).toBe('high')
  const sent = ['POST', 'POST', 'PUT', 'PUT 1', 'PUT 2', 'PUT 3']
  await expect.poll(() => visitor.stored.toSorted()).toEqual(sent)
  await page.getByRole('link', { name: 'A short one' }).click()
  await expect.poll(() => page.locator('h1').textContent()).toBe('A short one')
  expect(visitor.complaints).toEqual([])
})

test('what is no media, empty, too large or there already is refused in words, and nothing is sent', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  writeFileSync(file('letter.txt'), 'Dear all')
  writeFileSync(file('huge.mp4'), '')
  truncateSync(file('huge.mp4'), maxBytes + 10 * MiB)
  await choose(page, file('letter.txt'), file('huge.mp4'), emptyFile(), film)
  const notes = page.locator('.note p')
  await expect
    .poll(() => notes.allTextContents())
    .toEqual([
      'letter.txt is not taken: it is neither a video nor a sound file.',
      'huge.mp4 is not taken: it has 73.4 MB, and this server takes 62.9 MB at most.',
      'empty.mp4 is not taken: it is empty.',
    ])
  await page.getByRole('button', { name: 'Add more files' }).click()
  await choose(page, film)
  await page.getByText(`is in the list already.`).waitFor()
  expect(await page.locator('.uppy-Dashboard-Item').count()).toBe(1)
  await page.getByRole('button', { name: 'Dismiss' }).first().click()
  expect(await notes.count()).toBe(3)
  expect(visitor.stored).toEqual([])
  expect(visitor.complaints).toEqual([])
})

test('an upload whose tab was closed goes on in the next one with the parts that are missing', async () => {
  const visitor = await visit(here())
  const path = await paddedClip(file('Interrupted.mp4'), threeParts)
  await beginAndClose(visitor, { path, title: 'A title of my own', heldPart: 3 })

  const page = await visitor.open()
  await page.getByText('Choose the file again').waitFor()
  await page.getByText(/^Interrupted.mp4 is unfinished: \d+ % of it is there.$/).waitFor()
  expect(await page.locator('.menu-note').textContent()).toBe('unfinished')
  await page.getByRole('button', { name: 'Choose again' }).click()
  await choose(page, path)
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await page.getByRole('link', { name: 'A title of my own' }).waitFor()
  const parts = () => visitor.stored.filter((name) => name.startsWith('PUT'))
  // The browser may let the last part through as the tab closes; then that is there too.
  await expect.poll(parts).toEqual(
    expect.toBeOneOf([
      ['PUT 1', 'PUT 2', 'PUT 3'],
      ['PUT 1', 'PUT 2'],
    ]),
  )
  await untilCompleted(system, 'A title of my own')
  expect(visitor.complaints).toEqual([])
})

test('an upload that expired meanwhile starts from the beginning, with a word about it', async () => {
  const visitor = await visit(here())
  const path = await paddedClip(file('Too late.mp4'), twoParts)
  await beginAndClose(visitor, { path, title: 'Too late', heldPart: 2 })
  await system.sql`update uploads set expires_at = now() - interval '1 second' where filename = 'Too late.mp4'`

  const page = await visitor.open()
  await page.getByText('Too late.mp4 was not finished in time').waitFor()
  await page.getByRole('button', { name: 'Choose again' }).click()
  await choose(page, path)
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await page.getByRole('link', { name: 'Too late' }).waitFor()
  expect(visitor.stored.filter((name) => name === 'PUT 1')).toHaveLength(2)
  expect(visitor.complaints).toEqual([])
})

test('a paused upload waits, and goes on without the parts that are there', async () => {
  const visitor = await visit(here(), { expected: /410/ })
  const page = await visitor.open()
  const second = await hold(page, /partNumber=2&/, 'PUT')
  await choose(page, await paddedClip(file('Paused.mp4'), twoParts))
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await second.arrived
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Resume', exact: true }).waitFor()
  second.release()
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByRole('link', { name: 'Paused' }).waitFor()
  expect(visitor.stored.filter((name) => name === 'PUT 1')).toHaveLength(1)
  expect(visitor.stored).toContain('GET')
  expect(visitor.complaints).toEqual([])
})

test('an upload that expires while it is paused starts from the beginning by itself', async () => {
  const visitor = await visit(here(), { expected: /410/ })
  const page = await visitor.open()
  const second = await hold(page, /partNumber=2&/, 'PUT')
  await choose(page, await paddedClip(file('Slept.mp4'), twoParts))
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await second.arrived
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Resume', exact: true }).waitFor()
  second.release()
  await system.sql`update uploads set expires_at = now() - interval '1 second' where filename = 'Slept.mp4'`
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByText('so it starts from the beginning').waitFor()
  await page.getByRole('link', { name: 'Slept' }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a file that is taken away takes what was sent with it', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  const second = await hold(page, /partNumber=2&/, 'PUT')
  await choose(page, await paddedClip(file('Unwanted.mp4'), twoParts))
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await second.arrived
  const gone = page.waitForResponse((response) => response.request().method() === 'DELETE')
  await page.getByRole('button', { name: 'Remove Unwanted' }).click()
  expect((await gone).status()).toBe(204)
  second.release()
  await page.reload()
  await page.getByText('choose files').waitFor()
  expect(await page.locator('.note').count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('an upload that had arrived when the tab was closed gets its job from the next one, in any view', async () => {
  const visitor = await visit(here(), { expected: /409/ })
  const first = await visitor.open()
  const job = await hold(first, /\/jobs$/, 'POST')
  await choose(first, film)
  await rename(first, 'Arrived in time')
  await first.getByRole('button', { name: 'Upload 1 file' }).click()
  await job.arrived
  await first.close()
  job.release()

  const asked = visitor.context.waitForEvent('request', (request) => request.url().endsWith('/jobs'))
  await visitor.open('/#/')
  await asked
  // One, even if the browser let the first request through as the tab closed.
  const videos = () => videosCalled(system, 'Arrived in time')
  await expect.poll(async () => (await videos()).length).toBe(1)
  await expect.poll(() => visitor.stored).toEqual(['PUT'])
  expect(visitor.complaints).toEqual([])
})

test('a refused job says why, can be tried again and be discarded', async () => {
  const visitor = await visit(here(), { expected: /422/ })
  const page = await visitor.open()
  const job = await hold(page, /\/jobs$/, 'POST')
  await choose(page, film)
  await rename(page, 'Refused')
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await job.arrived
  const [upload] = await system.sql<
    { key: string }[]
  >`select key from uploads order by created_at desc limit 1`
  await system.storage.remove([upload?.key ?? ''])
  job.release()
  const row = page.locator('.submission', { hasText: 'Refused' })
  await row.getByText('There is no object').waitFor()
  await row.getByRole('button', { name: 'Retry' }).click()
  await row.getByText('There is no object').waitFor()
  await row.getByRole('button', { name: 'Discard' }).click()
  await row.waitFor({ state: 'detached' })
  await page.reload()
  await page.getByText('choose files').waitFor()
  expect(await page.locator('.submission').count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('an upload goes on by itself when the server answers again', async () => {
  const visitor = await visit(here(), { expected: /ERR_FAILED/ })
  const page = await visitor.open()
  await page.route('**/sign', (route) => route.abort())
  await choose(page, film)
  await rename(page, 'Patient')
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await page.getByText('The server does not answer. Is it running? Trying again by itself.').waitFor()
  await page.unroute('**/sign')
  await page.getByRole('link', { name: 'Patient' }).waitFor()
  expect(await page.locator('.note').count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('an upload goes on in other views, and the browser asks before the tab is closed on it', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  const bytes = await hold(page, wholeFile, 'PUT')
  await choose(page, film)
  await rename(page, 'Behind')
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await bytes.arrived
  await page.getByRole('link', { name: 'Videos' }).click()
  await page.getByRole('heading', { name: 'Videos' }).waitFor()
  await expect.poll(() => page.locator('.menu-note').textContent()).toMatch(/^\d+ %$/)
  const asked = page.waitForEvent('dialog')
  void page.close({ runBeforeUnload: true })
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.dismiss()

  bytes.release()
  await page.locator('.top').getByRole('link', { name: 'Upload' }).click()
  await page.getByRole('link', { name: 'Behind' }).waitFor()
  await expect.poll(() => visitor.stored).toEqual(['PUT'])
  expect(visitor.complaints).toEqual([])
})

test('two tabs upload at the same time, and the second one says that it keeps nothing', async () => {
  const visitor = await visit(here())
  const first = await visitor.open()
  const bytes = await hold(first, wholeFile, 'PUT')
  await choose(first, film)
  await rename(first, 'First tab')
  await first.getByRole('button', { name: 'Upload 1 file' }).click()
  await bytes.arrived
  const second = await visitor.open()
  await second.getByText('Another tab has the uploads that can go on later.').waitFor()
  await choose(second, film)
  await rename(second, 'Second tab')
  await second.getByRole('button', { name: 'Upload 1 file' }).click()
  await second.getByRole('link', { name: 'Second tab' }).waitFor()
  bytes.release()
  await first.getByRole('link', { name: 'First tab' }).waitFor()
  expect(await second.getByRole('link', { name: 'First tab' }).count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('dropped files with hostile names are text everywhere', async () => {
  const visitor = await visit(here(), { expected: /422/ })
  const page = await visitor.open()
  await page.getByText('choose files').waitFor()
  const name = '<img src=x onerror="window.hacked=1">'
  await drop(page, [`${name}.mp4`, `${name}.txt`])
  await page.getByText(`${name}.txt is not taken`).waitFor()
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await page.getByRole('link', { name }).waitFor()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  expect(await page.locator('main img').count()).toBe(0)
  expect(await videosCalled(system, name)).toHaveLength(1)
  expect(visitor.complaints).toEqual([])
})

test('a file on the web is handed in by its address', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  await page.getByLabel('Address').fill('http://127.0.0.1:9/clips/film.mp4?version=2')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'film.mp4' }).waitFor()
  const [video] = await videosCalled(system, 'film.mp4')
  expect(video?.source.url).toBe('http://127.0.0.1:9/clips/film.mp4') // a query may hold secrets
  expect(visitor.complaints).toEqual([])
})

test('the keyboard reaches everything, and everything fits a phone', async () => {
  const visitor = await visit(here(), { viewport: { width: 360, height: 740 }, dark: true })
  const page = await visitor.open()
  await page.getByText('choose files').waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  const chooser = page.waitForEvent('filechooser')
  await tabTo(page, 'choose files')
  await page.keyboard.press('Enter')
  await (await chooser).setFiles([film, await paddedClip(file(`${'Long_name_'.repeat(20)}.mp4`), 2 * MiB)])
  await page.getByRole('button', { name: 'Upload 2 files' }).waitFor()
  expect(await sidewaysScroll(page)).toBe(0)
  for (const name of [
    'Change the title',
    'Remove',
    'Upload 2 files',
    'Profile',
    'Measure',
    'Address',
    'From a terminal',
  ]) {
    await tabTo(page, name)
  }
  await page.keyboard.press('Enter')
  expect(await sidewaysScroll(page)).toBe(0)
  expect(visitor.complaints).toEqual([])
})

type Visitor = Awaited<ReturnType<typeof visit>>

/** Sends a file in a tab that is closed while one of its parts is under way. */
async function beginAndClose(
  visitor: Visitor,
  { path, title, heldPart }: { path: string; title: string; heldPart: number },
): Promise<void> {
  const page = await visitor.open()
  const held = await hold(page, new RegExp(`partNumber=${heldPart}&`), 'PUT')
  await choose(page, path)
  await rename(page, title)
  await page.getByRole('button', { name: 'Upload 1 file' }).click()
  await held.arrived
  await page.close()
  held.release()
}

async function rename(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: /^Change the title of/ }).click()
  await page.getByLabel('Title', { exact: true }).fill(title)
  await page.getByRole('button', { name: 'Save' }).click()
}

async function drop(page: Page, names: string[]): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    `(() => {
      const transfer = new DataTransfer()
      for (const name of ${JSON.stringify(names)}) transfer.items.add(new File(['some bytes'], name))
      return transfer
    })()`,
  )
  await page.dispatchEvent('.uppy-Dashboard', 'drop', { dataTransfer })
}

/** Presses Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = []
  for (let presses = 0; presses < 60; presses += 1) {
    const focused = String(
      await page.evaluate(`[...(document.activeElement.labels ?? [])].map((label) => label.textContent).join() ||
        document.activeElement.getAttribute('aria-label') || document.activeElement.textContent`),
    )
    if (focused.startsWith(name)) return
    seen.push(focused.slice(0, 40))
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not come to ${name}, only to ${seen.join(' | ')}`)
}

async function sidewaysScroll(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
}
