import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import type { TestSystem } from './system.ts'

export type WatchedPage = Page & { complaints: string[] }

type Options = BrowserContextOptions & {
  /** Origins that may be called besides. */
  friends?: readonly string[]
  /** What a test provokes on purpose, as text of the console's error. */
  expected?: RegExp
  /** A browser profile to open a tab of, instead of a new one. */
  context?: BrowserContext
}

/**
 * A page of this test alone that notes everything it should not do: errors of scripts, warnings of the
 * content security policy, calls to anywhere but the API, its store and `friends`.
 */
export async function openWatchedPage(
  { browser, system }: { browser: Browser; system: TestSystem },
  { friends = [], expected = /^$/, context, ...options }: Options = {},
): Promise<WatchedPage> {
  const look = { viewport: { width: 1280, height: 860 }, ...options }
  const page = await (context ? context.newPage() : browser.newPage(look))
  onTestFinished(() => page.close())
  // Nothing here is about speed, and the machine may be busy.
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  const ours = [system.baseUrl, new URL(system.config.S3_ENDPOINT).origin, ...friends]
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Asking whether it plays yet is answered by a 404, which the browser calls an error by itself.
    const asking = message.location().url.endsWith('/hls/master.m3u8') && message.text().includes('404')
    const line = `${message.text()} ${message.location().url}`
    if (message.type() === 'error' && !asking && !expected.test(line)) complaints.push(line)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'blob:' && !ours.includes(url.origin)) complaints.push(`called ${url.href}`)
  })
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (e) => console.error('blocked ' + e.violatedDirective + ' ' + e.blockedURI))`,
  )
  return Object.assign(page, { complaints })
}

/** Such a page at an address of the web app, which comes from `baseUrl`, the API itself unless told. */
export async function openApp(
  stage: { browser: Browser; system: TestSystem },
  path: string,
  { baseUrl = stage.system.baseUrl, ...options }: Options & { baseUrl?: string } = {},
): Promise<WatchedPage> {
  const page = await openWatchedPage(stage, { friends: [new URL(baseUrl).origin], ...options })
  const response = await page.goto(new URL(path, baseUrl).href)
  expect(response?.headers()['content-security-policy']).toContain(`default-src 'self'`)
  return page
}

export async function sidewaysScroll(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
}
