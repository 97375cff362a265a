import type { Page } from 'playwright-core'
import type { Gallery } from './fill.ts'

/** A view of the web app, and what must have happened before it is worth looking at. */
export type View = { name: string; path: string; arrive: (page: Page) => Promise<void> }

/** Those that tell there is nothing, of a system that has nothing. */
export const emptyViews: readonly View[] = [
  { name: 'list-empty', path: '/#/', arrive: (page) => page.getByText('No videos yet').waitFor() },
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
    { name: 'upload', path: '/#/upload', arrive: headed('Upload') },
    ...(['rich', 'portrait', 'sound', 'broken', 'refused'] as const).map(video),
    ...(['cancelled', 'processing', 'queued'] as const).map(video),
    {
      name: 'video-none',
      path: '/#/videos/0190a5d0-0000-7000-8000-000000000000',
      arrive: headed(/not here/),
    },
    { name: 'dialog-delete', path: `/#/videos/${gallery.rich}`, arrive: asked('Delete') },
    { name: 'dialog-cancel', path: `/#/videos/${gallery.processing}`, arrive: asked('Cancel') },
    { name: 'system', path: '/#/system', arrive: headed('System') },
    ...(['rich', 'sound', 'processing', 'refused'] as const).map(embed),
  ]
}

async function listed(page: Page): Promise<void> {
  await page.locator('.rows li').first().waitFor()
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
