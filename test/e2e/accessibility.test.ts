import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violations } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { fillGallery } from '../support/gallery/fill.ts'
import { emptyViews, type View, viewsOf } from '../support/gallery/views.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

/** 320 pixels are those of a window of 1280 at a zoom of 400 % (WCAG 2.2, 1.4.10 Reflow). */
const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark' },
] as const

let system: TestSystem
let browser: Browser
beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 0 }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

test('no view of an empty system has a serious fault, in a wide light window or a narrow dark one', async () => {
  expect(await faultsOf(emptyViews)).toEqual([])
})

test('nor has any view of any state of a video', async () => {
  expect(await faultsOf(viewsOf(await fillGallery(system)))).toEqual([])
}, 900_000)

async function faultsOf(views: readonly View[]): Promise<string[]> {
  const faults: string[] = []
  for (const view of views) {
    await using page = await browser.newPage({ reducedMotion: 'reduce' })
    await page.goto(system.baseUrl + view.path)
    await view.arrive(page)
    for (const { width, colorScheme } of looks) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      const wider = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
      if (wider > 0) faults.push(`${view.name} at ${width}: scrolls sideways by ${wider}`)
      const found = await violations(page)
      faults.push(...found.map((fault) => `${view.name} at ${width}, ${colorScheme}: ${fault}`))
    }
  }
  return faults
}
