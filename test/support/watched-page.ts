import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { TestSystem } from './system.ts'

export type WatchedPage = Page & { complaints: string[] }

/**
 * A page of this test alone that notes everything it should not do: errors of scripts, warnings of the
 * content security policy, calls to anywhere but the API, its store and `friends`.
 */
export async function openWatchedPage(
  { browser, system }: { browser: Browser; system: TestSystem },
  { friends = [], ...options }: BrowserContextOptions & { friends?: readonly string[] } = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, ...options })
  onTestFinished(() => page.close())
  const complaints: string[] = []
  const ours = [system.baseUrl, new URL(system.config.S3_ENDPOINT).origin, ...friends]
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
  return Object.assign(page, { complaints })
}
