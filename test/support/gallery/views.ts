import type { Page } from 'playwright-core'
import type { Gallery } from './fill.ts'

/** A view of the web app, and what must have happened before it is worth looking at. */
export type View = { name: string; path: string; arrive: (page: Page) => Promise<void> }

/** Those that tell there is nothing, of a system that has nothing. */
export const emptyViews: readonly View[] = [
  { name: 'list-empty', path: '/#/', arrive: (page) => page.getByText('No videos yet').waitFor() },
  { name: 'reference', path: '/docs#getVideo', arrive: withFields },
  { name: 'system-empty', path: '/#/system', arrive: headed('System') },
]

export function viewsOf(gallery: Gallery): View[] {
  const video = (name: keyof Gallery): View => ({
    name: `video-${name}`,
    path: `/#/videos/${gallery[name]}`,
    arrive: (page) => page.locator('.timeline > li').first().waitFor(),
  })
  const embed = (name: keyof Gallery): View => ({
    name: `embed-${name}`,
    path: `/embed/${gallery[name]}`,
    arrive: (page) => page.locator('body > *').first().waitFor(),
  })
  return [
    { name: 'list', path: '/#/', arrive: listed },
    { name: 'list-failed', path: '/#/?status=failed', arrive: listed },
    { name: 'upload', path: '/#/upload', arrive: uploader },
    { name: 'upload-files', path: '/#/upload', arrive: withFiles },
    { name: 'upload-title', path: '/#/upload', arrive: withTitleForm },
    ...(['rich', 'portrait', 'sound', 'broken', 'refused'] as const).map(video),
    ...(['cancelled', 'processing', 'queued'] as const).map(video),
    {
      name: 'video-none',
      path: '/#/videos/0190a5d0-0000-7000-8000-000000000000',
      arrive: headed(/not here/),
    },
    { name: 'dialog-delete', path: `/#/videos/${gallery.rich}`, arrive: asked('Delete') },
    { name: 'dialog-cancel', path: `/#/videos/${gallery.processing}`, arrive: asked('Cancel') },
    { name: 'video-unfolded', path: `/#/videos/${gallery.broken}`, arrive: unfolded },
    { name: 'player-menu', path: `/#/videos/${gallery.rich}`, arrive: withMenu },
    { name: 'system', path: '/#/system', arrive: headed('System') },
    ...(['rich', 'sound', 'processing', 'refused'] as const).map(embed),
  ]
}

async function listed(page: Page): Promise<void> {
  await page.locator('.rows li').first().waitFor()
}

async function uploader(page: Page): Promise<void> {
  await page.locator('.uploader[aria-busy="false"]').waitFor()
}

/** Two that are taken and one that is refused. */
async function withFiles(page: Page): Promise<void> {
  await uploader(page)
  const film = { mimeType: 'video/mp4', buffer: Buffer.alloc(70_000, 1) }
  await page
    .locator('.uppy-Dashboard-input')
    .first()
    .setInputFiles([
      { ...film, name: 'Summer in the hills.mp4' },
      { ...film, name: `${'A_name_without_an_end_'.repeat(8)}.mp4` },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no film') },
    ])
  await page.locator('.uppy-Dashboard-Item').nth(1).waitFor()
}

async function withTitleForm(page: Page): Promise<void> {
  await withFiles(page)
  await page
    .getByRole('button', { name: /^Change the title of/ })
    .first()
    .click()
  await page.getByLabel('Title', { exact: true }).waitFor()
}

/** Everything that can be unfolded. */
async function unfolded(page: Page): Promise<void> {
  await page.locator('.timeline > li').first().waitFor()
  for (const summary of await page.locator('details:not([open]) > summary').all()) await summary.click()
}

/** One route of the reference with all that it unfolds. */
async function withFields(page: Page): Promise<void> {
  await headed('HTTP API')(page)
  const folded = page.locator('#getVideo details:not([open]) > summary')
  while ((await folded.count()) > 0) await folded.first().click()
}

/** The menu of the player, as soon as there is a choice of captions. */
async function withMenu(page: Page): Promise<void> {
  await page.locator('media-captions-menu').waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'settings' }).click()
  await page.getByRole('menuitem', { name: 'Speed' }).waitFor()
}

function headed(name: string | RegExp): View['arrive'] {
  return (page) => page.getByRole('heading', { level: 1, name }).waitFor()
}

function asked(action: string): View['arrive'] {
  return async (page) => {
    await page.getByRole('button', { name: action, exact: true }).click()
    await page.locator('dialog[open]').waitFor()
  }
}
