// Takes a picture of every view of the web app, of a system of its own with videos in every state: in
// light and dark, on a phone and on a desk, into .local/looks/. `npm run looks -- video` takes those
// views alone whose names hold one of the words given.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../test/support/browser.ts'
import { fillGallery } from '../test/support/gallery/fill.ts'
import { emptyViews, type View, viewsOf } from '../test/support/gallery/views.ts'
import { startSystem } from '../test/support/start-system.ts'
import { startStack } from './stack.ts'

const folder = join(import.meta.dirname, '../.local/looks')
const words = process.argv.slice(2)
const widths = [360, 1280]
const schemes = ['light', 'dark'] as const
/** What fades, draws or loads after a view has arrived. */
const settleMs = 1500

const dataDir = mkdtempSync(join(tmpdir(), 'stepladder-looks-'))
mkdirSync(folder, { recursive: true })
try {
  await using stack = await startStack({ dataDir, ports: 'free', durable: false })
  await using system = await startSystem({ services: stack.environment, workers: 0 })
  await using browser = await launchBrowser()
  await takeAll(browser, { baseUrl: system.baseUrl, views: emptyViews })
  console.error('filling the gallery …')
  await takeAll(browser, { baseUrl: system.baseUrl, views: viewsOf(await fillGallery(system)) })
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

async function takeAll(
  browser: Browser,
  { baseUrl, views }: { baseUrl: string; views: readonly View[] },
): Promise<void> {
  const wanted = views.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
  for (const view of wanted) {
    for (const colorScheme of schemes) {
      for (const width of widths) {
        await using page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
        await page.goto(baseUrl + view.path)
        await view.arrive(page)
        await page.waitForTimeout(settleMs)
        const path = join(folder, `${view.name}-${colorScheme}-${width}.png`)
        await page.screenshot({ path, fullPage: true })
        console.log(relative(process.cwd(), path))
      }
    }
  }
}
