import { copyFileSync, truncateSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { shortClip } from './fixtures.ts'
import type { TestSystem } from './system.ts'

const part = /[?&]partNumber=(\d+)/

/** A person at the Upload view: one browser profile, whose tabs come and go. */
export type Visitor = {
  context: BrowserContext
  /** Console errors, blocked content and calls to anywhere else, of all tabs. */
  complaints: string[]
  /** Requests of uploads to the store that were answered well, as `PUT 2` for the second part. */
  stored: string[]
  open(path?: string): Promise<Page>
}

/** `expected`: what a test provokes on purpose, as text of the console's error. */
export async function visit(
  { system, browser }: { system: TestSystem; browser: Browser },
  { viewport = { width: 1280, height: 860 }, expected = /^$/, dark = false } = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport, colorScheme: dark ? 'dark' : 'light' })
  onTestFinished(() => context.close())
  context.setDefaultTimeout(90_000)
  const complaints: string[] = []
  const stored: string[] = []
  const store = new URL(system.config.S3_ENDPOINT).origin
  const ours = [system.baseUrl, store]
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    const line = `${message.text()} ${message.location().url}`
    if (message.type() === 'error' && !expected.test(line)) complaints.push(line)
  })
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'blob:' && !ours.includes(url.origin)) complaints.push(`called ${url.href}`)
  })
  context.on('requestfinished', (request) => {
    // The list shows posters, which lie in the store too.
    const isOfUpload = request.method() !== 'OPTIONS' && request.resourceType() !== 'image'
    if (isOfUpload && request.url().startsWith(store)) stored.push(nameOf(request))
  })
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (e) => console.error('blocked ' + e.violatedDirective + ' ' + e.blockedURI))`,
  )
  return {
    context,
    complaints,
    stored,
    async open(path = '/#/upload') {
      const page = await context.newPage()
      await page.goto(system.baseUrl + path)
      return page
    },
  }
}

function nameOf(request: Request): string {
  const number = part.exec(request.url())?.[1]
  return [request.method(), number].filter(Boolean).join(' ')
}

export async function choose(page: Page, ...paths: string[]): Promise<void> {
  const again = page.locator('.uppy-Dashboard-AddFilesPanel .uppy-Dashboard-input').first()
  const first = page.locator('.uppy-Dashboard-input').first()
  await first.waitFor({ state: 'attached' })
  await ((await again.count()) > 0 ? again : first).setInputFiles(paths)
}

/** Keeps a page's requests to the store or the API waiting from now on; says when one is there, and lets them go. */
export async function hold(page: Page, address: RegExp, method: string) {
  const gate = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  await page.route(address, async (route) => {
    if (route.request().method() !== method) return route.continue()
    first.resolve()
    await gate.promise
    await route.continue().catch(() => {}) // its page may be gone by now
  })
  return { arrived: first.promise, release: () => gate.resolve() }
}

type Listed = { id: string; title: string; status: string; priority: string; source: { url?: string } }

/** The videos of that title, the latest first. */
export async function videosCalled(system: TestSystem, title: string): Promise<Listed[]> {
  const response = await fetch(`${system.baseUrl}/videos?limit=100`)
  const { videos } = (await response.json()) as { videos: Listed[] }
  return videos.filter((video) => video.title === title)
}

export async function untilCompleted(system: TestSystem, title: string): Promise<Listed> {
  const find = async () => (await videosCalled(system, title))[0]
  await expect.poll(async () => (await find())?.status, { timeout: 120_000, interval: 300 }).toBe('completed')
  const video = await find()
  if (!video) throw new Error(`${title} is gone`)
  return video
}

/** A film of that many bytes: six seconds, and nothing behind them, in a box that players skip (ISO/IEC 14496-12, `free`). */
export async function paddedClip(path: string, bytes: number): Promise<string> {
  const film = await shortClip()
  const { size } = await stat(film)
  copyFileSync(film, path)
  truncateSync(path, bytes)
  const header = Buffer.alloc(8)
  header.writeUInt32BE(bytes - size)
  header.write('free', 4)
  await using file = await open(path, 'r+')
  await file.write(header, 0, 8, size)
  return path
}
