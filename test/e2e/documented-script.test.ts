import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startStoreProxy } from '../integration/store-proxy.ts'
import { launchBrowser } from '../support/browser.ts'
import { fencedBlocks } from '../support/documented.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

type Told = {
  one: { status: string; seq: number; end: string | null }[]
  all: { id: string; status: string }[]
  gaps: number
  deleted: string[]
}

test('the script for browsers follows one video and all of them through a broken connection to the end', async () => {
  await using system = await createTestSystem({ workers: 0 })
  const way = await breakableWay(system)
  const page = await openPage(way.endpoint)
  const told = () => page.evaluate<Told>('told')
  const { id } = await submitFile(system, await clip({ seconds: 4 }))
  await page.evaluate(watching(id))
  await expect.poll(async () => (await told()).one.at(0)?.status, patient).toBe('queued')
  await expect.poll(async () => (await told()).all.some((video) => video.id === id), patient).toBe(true)

  // Each connects again by itself, meets the refusal, and has to be brought back by the script.
  way.close()
  await expect.poll(way.refused, patient).toEqual(new Set(['/progress', `/progress/${id}`]))
  way.open()
  await system.startWorker('worker')

  await expect.poll(async () => (await told()).one.at(-1)?.end, patient).toBe('completed')
  await expect.poll(async () => (await told()).all.at(-1), patient).toEqual({ id, status: 'completed' })
  const { one, gaps } = await told()
  expect(one.slice(0, -1).every(({ end }) => end === null)).toBe(true)
  expect(one.map(({ seq }) => seq)).toEqual(one.map(({ seq }) => seq).toSorted((a, b) => a - b))
  expect(gaps).toBe(1)
  await fetch(`${system.baseUrl}/videos/${id}`, { method: 'DELETE' })
  await expect.poll(async () => (await told()).deleted, patient).toEqual([id])
}, 600_000)

const patient = { timeout: 180_000, interval: 200 }

/** What the page is given to do, with the functions of the documentation. */
function watching(id: string): string {
  return `
    globalThis.told = { one: [], all: [], gaps: 0, deleted: [] }
    follow('${id}', ({ status, seq }, end) => told.one.push({ status, seq, end: end ?? null }))
    followAll({
      onProgress: ({ video_id, status }) => told.all.push({ id: video_id, status }),
      onDeleted: (id) => told.deleted.push(id),
      onGap: () => told.gaps++,
    })`
}

/** A page of the same origin that does nothing by itself, with the documented functions in it. */
async function openPage(origin: string) {
  const browser = await launchBrowser()
  onTestFinished(() => browser.close())
  // No answer but the page lets scripts in, and these are ours.
  const page = await browser.newPage({ bypassCSP: true })
  await page.goto(`${origin}/healthz`)
  const [script] = fencedBlocks('docs/progress.md', 'js')
  await page.addScriptTag({ content: script?.text ?? '' })
  return page
}

/** The API behind a proxy that can cut every stream and answer 503 instead of a new one. */
async function breakableWay(system: TestSystem) {
  const proxy = await startStoreProxy(system.baseUrl)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const streams = new Set<ServerResponse>()
  const refused = new Set<string>()
  const pass = () =>
    proxy.meet((_, response) => {
      streams.add(response)
      return false
    })
  pass()
  return {
    endpoint: proxy.endpoint,
    refused: () => refused,
    open: pass,
    close: () => {
      proxy.meet(({ url = '' }, response) => {
        if (url.startsWith('/progress')) refused.add(url) // and not what a browser asks for by itself
        response.writeHead(503).end()
        return true
      })
      for (const stream of streams) stream.destroy()
    },
  }
}
