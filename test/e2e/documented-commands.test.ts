import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clip } from '../support/fixtures.ts'
import { type MadeRequest, runCommands } from '../support/newcomer.ts'
import { routesOfTheApp } from '../support/routes.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

/** What a browser is for. */
const pagesOfTheBrowser = ['GET /', 'GET /docs', 'GET /embed/{id}']

let system: TestSystem
let film: string
beforeAll(async () => {
  ;[system, film] = await Promise.all([
    createTestSystem({ workers: 0 }),
    clip({ seconds: 4, width: 1280, height: 720 }),
  ])
})
afterAll(() => system?.dispose())

test('the one screen of the README can be run from its top to its end, and so can its command line', async () => {
  const sections = ['The API in one screen', 'The page and the command line']
  const requests = await run(sections.map((section) => `README.md#${section}`))
  expect(refused(requests)).toEqual([])
  expect(requests.map(routeOf)).toContain('DELETE /videos/{id}')
}, 600_000)

test('the commands of the API pages can be run in order, and every route has one', async () => {
  const requests = await run(
    ['api', 'progress', 'playback', 'idempotency', 'uploads', 'webhooks'].map((name) => `docs/${name}.md`),
  )
  expect(refused(requests)).toEqual([])
  const tried = new Set(requests.map(routeOf))
  const untried = routesOfTheApp().filter((route) => !tried.has(route))
  expect(untried.sort()).toEqual(pagesOfTheBrowser)
}, 600_000)

/** The only worker comes once a job was tried again: what is cancelled before must not be over by then. */
async function run(pages: string[]): Promise<MadeRequest[]> {
  const name = pages[0]?.replaceAll(/\W+/g, '-') ?? ''
  let worker: Promise<unknown> | undefined
  onTestFinished(async () => {
    await worker
    if (worker) await system.killWorker(name, 'SIGTERM')
  })
  const onAnswer = (request: MadeRequest) => {
    if (routeOf(request) === 'POST /videos/{id}/retry') worker ??= system.startWorker(name)
  }
  return runCommands({ pages, baseUrl: system.baseUrl, film, onAnswer })
}

/** The one with the most words of its own that fits; null for a request to the store. */
function routeOf({ method, host, path }: MadeRequest): string | null {
  if (host !== new URL(system.baseUrl).host) return null
  const at = path.split('?')[0] ?? ''
  const fitting = routesOfTheApp().filter((route) => {
    const [verb, pattern = ''] = route.split(' ')
    return verb === method && new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(at)
  })
  return fitting.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? null
}

function refused(requests: MadeRequest[]): MadeRequest[] {
  return requests.filter(({ status }) => status >= 400)
}
