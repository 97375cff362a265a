import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { launchBrowser } from '../support/browser.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded, watchJob } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let browser: Browser
let finished: string

beforeAll(async () => {
  ;[system, browser] = await Promise.all([createTestSystem({ workers: 2 }), launchBrowser()])
  const { id } = await submitFile(system, await clip({ seconds: 40, width: 854, height: 480 }))
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
  finished = id
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await system?.dispose()
})

const seenSchema = z.object({
  errors: z.array(z.string()),
  /** The level of each segment as it was shown. */
  levels: z.array(z.number()),
  stalls: z.number(),
  buffered: z.array(z.tuple([z.number(), z.number()])),
})
type Seen = z.infer<typeof seenSchema>

test('a finished video plays through every chunk border without a stall, a gap or an error', async () => {
  const seen = await watch(finished, { untilS: 39.8, rate: 4, switchAtS: [] })
  expect(seen).toMatchObject({ errors: [], stalls: 0, buffered: [[expect.any(Number), expect.any(Number)]] })
  expect(seen.buffered[0]?.[0]).toBeLessThan(0.1)
  expect(seen.buffered[0]?.[1]).toBeGreaterThan(39.9)
})

test('it plays on through changes of quality on the way', async () => {
  const seen = await watch(finished, { untilS: 39.8, rate: 2, switchAtS: [5, 12, 19, 26] })
  expect(seen).toMatchObject({ errors: [], stalls: 0 })
  expect(new Set(seen.levels).size).toBeGreaterThan(2)
  expect(seen.buffered).toHaveLength(1)
  expect(seen.buffered[0]?.[1]).toBeGreaterThan(39.9)
})

test('a video plays from its start while it is still being made', async () => {
  const { id } = await submitFile(system, await clip({ seconds: 60, width: 1280, height: 720 }))
  await watchJob(
    system,
    id,
    ({ snapshot: { resolutions } }) =>
      Math.min(...resolutions.map((rung) => rung.segments)) >= 3 && resolutions.length > 0,
  )
  const seen = await watch(id, { untilS: 3, rate: 1, switchAtS: [] })
  const [row] = await system.sql<{ status: string }[]>`select status from videos where id = ${id}`

  expect(row?.status).toBe('processing')
  expect(seen.errors).toEqual([])
  expect(seen.buffered).toHaveLength(1)
  expect(seen.buffered[0]?.[0]).toBeLessThan(0.1)
})

/** Plays a video in a bare page of the API's own origin, going to another level at each of the given times. */
async function watch(
  videoId: string,
  play: { untilS: number; rate: number; switchAtS: number[] },
): Promise<Seen> {
  // No answer but the page lets scripts in, and these are ours.
  const page = await browser.newPage({ bypassCSP: true })
  await page.goto(`${system.baseUrl}/healthz`)
  await page.addScriptTag({ url: `${system.baseUrl}/vendor/hls.min.js` })
  await page.addScriptTag({ path: join(import.meta.dirname, '../fixtures/player-watch.js') })
  await page.evaluate(`playerWatch.start('/videos/${videoId}/hls/master.m3u8', ${play.rate})`)
  for (const [step, time] of play.switchAtS.entries()) {
    await untilTime(page, time)
    await page.evaluate(`playerWatch.switchTo(${step})`)
  }
  await untilTime(page, play.untilS)
  return seenSchema.parse(await page.evaluate('playerWatch.report()'))
}

async function untilTime(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction(`playerWatch.hasReached(${seconds})`, undefined, {
    timeout: 90_000,
    polling: 50,
  })
}
