import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { shortClip } from '../support/fixtures.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { choose, paddedClip, untilCompleted, visit } from '../support/upload-page.ts'

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
    createTestSystem({ workers: 1, slots: 2, environment }),
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

test('several files are uploaded with their titles and become videos that complete', async () => {
  const visitor = await visit(here())
  const page = await visitor.open()
  const big = await paddedClip(join(folder, 'Summer in the hills.mkv'), 40 * MiB)
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
  expect(visitor.stored.toSorted()).toEqual(['POST', 'POST', 'PUT', 'PUT 1', 'PUT 2', 'PUT 3'])
  await page.getByRole('link', { name: 'A short one' }).click()
  await expect.poll(() => page.locator('h1').textContent()).toBe('A short one')
  expect(visitor.complaints).toEqual([])
})
