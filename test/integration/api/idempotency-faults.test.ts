import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createApp } from '../../../src/api/app.ts'
import { openContext } from '../../../src/api/context.ts'
import type { Config } from '../../../src/config.ts'
import { type Reach, reachNothing } from '../../../src/failpoints.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { startTcpProxy } from '../../chaos/support/proxy.ts'
import { checkAnswer } from '../../support/check-answer.ts'
import { hold, waiting } from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'
import { createTestSystem, type TestSystem } from '../../support/system.ts'

// Each of these stops a submission at a place where its client cannot know what became of it.
let system: TestSystem
beforeAll(async () => {
  system = await createTestSystem({ workers: 0 })
  await system.sql`create function pass_gate() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1, 1); return new; end $$`
})
afterAll(() => system[Symbol.asyncDispose]())
beforeEach(async () => {
  await system.sql`drop trigger if exists gate on idempotency_keys`
  await system.sql`drop trigger if exists "A_gate" on videos`
  await system.sql`truncate videos, sources, uploads, idempotency_keys cascade`
})

const job = { source: { url: 'https://example.org/film.mp4' }, title: 'Film' }

type Ask = (path: string, init: RequestInit) => Response | Promise<Response>
const overHttp: Ask = (path, init) => fetch(`${system.baseUrl}${path}`, init)

async function submit(ask: Ask, options: { key?: string; json?: unknown } = {}) {
  const { key = 'film-7', json = job } = options
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) }
  const response = await ask('/jobs', { method: 'POST', headers, body: JSON.stringify(json) })
  const replayed = response.headers.get('idempotency-replayed') === 'true'
  const { id, code } = JSON.parse(await response.text())
  return { status: response.status, replayed, retryAfter: response.headers.get('retry-after'), id, code }
}

/** Another process of the API as the first one sees it: other connections, nothing shared in memory. */
async function anotherApi(
  lead: Partial<Config> = {},
  reach: Reach = reachNothing,
): Promise<AsyncDisposable & { ask: Ask }> {
  const config = { ...system.config, ...lead }
  const context = await openContext(config, searchedLog('api', config), { reach })
  const app = createApp(context)
  return {
    ask: async (path, init) => {
      const response = await app.request(path, init)
      await checkAnswer({ method: init.method ?? 'GET', url: `http://app${path}` }, response)
      return response
    },
    [Symbol.asyncDispose]: () => context[Symbol.asyncDispose](),
  }
}

/** Whoever passes there waits until `release`. */
async function closeGate(where: 'before the key is kept' | 'in COMMIT' | 'before the source is checked') {
  if (where === 'before the key is kept') {
    await system.sql`create trigger gate before insert on idempotency_keys for each row execute function pass_gate()`
  } else if (where === 'in COMMIT') {
    await system.sql`create constraint trigger gate after insert on idempotency_keys deferrable initially deferred
                     for each row execute function pass_gate()`
  } else {
    // Triggers go by name, and those of foreign keys are called RI_…
    await system.sql`create trigger "A_gate" after insert on videos for each row execute function pass_gate()`
  }
  return hold(system.sql, async (tx) => {
    await tx`set local idle_in_transaction_session_timeout = 0`
    await tx`select pg_advisory_xact_lock(1, 1)`
  })
}

async function ids(): Promise<string[]> {
  return (await system.sql<{ id: string }[]>`select id from videos order by id`).map(({ id }) => id)
}

/** Resolves when no transaction but those of the test is open: what was under way has ended. */
async function untilQuiet(): Promise<void> {
  await expect
    .poll(
      () => system.sql`select from pg_stat_activity where datname = current_database() and xact_start is not null
                       and application_name = 'stepladder-api'`,
      { timeout: 10_000 },
    )
    .toHaveLength(0)
}

test('while a request is under way, in whichever process, the same one is told to wait and does not', async () => {
  await using other = await anotherApi()
  const gate = await closeGate('before the key is kept')
  const first = submit(overHttp)
  await waiting(system.sql, 1)
  for (const ask of [other.ask, overHttp]) {
    expect(await submit(ask)).toMatchObject({ status: 409, code: 'idempotency_key_in_use', retryAfter: '1' })
  }
  expect(await submit(other.ask, { json: { ...job, title: 'Another' } })).toMatchObject({ status: 409 })
  // It keeps nobody else from anything.
  expect(await submit(other.ask, { key: '' })).toMatchObject({ status: 201 })
  await gate.release()
  const { status, id } = await first
  expect(status).toBe(201)
  expect(await submit(other.ask)).toMatchObject({ status: 201, id, replayed: true })
  expect(await ids()).toHaveLength(2)
})

test('a request whose API was killed after the commit finds its job', async () => {
  await using dying = await anotherApi({}, (place) => {
    if (place === 'submitted') throw new Error('killed')
  })
  expect(await submit(dying.ask)).toMatchObject({ status: 500 })
  const [id] = await ids()
  expect(await submit(overHttp)).toMatchObject({ status: 201, id, replayed: true })
  expect(await ids()).toEqual([id])
})

test('a request whose database was cut off during COMMIT is answered with 503, and then finds its job', async () => {
  await using proxy = await startTcpProxy(system.config.DATABASE_URL)
  await using far = await anotherApi({ DATABASE_URL: proxy.through(system.config.DATABASE_URL) })
  const gate = await closeGate('in COMMIT')
  const first = submit(far.ask)
  await waiting(system.sql, 1)
  proxy.cut()
  expect(await first).toMatchObject({ status: 503, code: 'database_unavailable', retryAfter: '5' })
  // The server knows nothing of that and is still at it.
  expect(await submit(overHttp)).toMatchObject({ status: 409, code: 'idempotency_key_in_use' })
  await gate.release()
  await untilQuiet()
  const [id] = await ids()
  expect(await submit(far.ask)).toMatchObject({ status: 201, id, replayed: true })
  expect(await ids()).toEqual([id])
})

test('a request whose database was cut off before COMMIT is answered with 503, and then makes its job', async () => {
  await using proxy = await startTcpProxy(system.config.DATABASE_URL)
  await using far = await anotherApi({ DATABASE_URL: proxy.through(system.config.DATABASE_URL) })
  const gate = await closeGate('before the key is kept')
  const first = submit(far.ask)
  await waiting(system.sql, 1)
  proxy.cut()
  expect(await first).toMatchObject({ status: 503, code: 'database_unavailable' })
  await gate.release()
  await untilQuiet()
  expect(await ids()).toEqual([])
  const { status, replayed } = await submit(overHttp)
  expect([status, replayed, (await ids()).length]).toEqual([201, false, 1])
})

test('a job whose source is forgotten in the middle of its submission is made all the same', async () => {
  const signal = AbortSignal.timeout(10_000)
  await system.storage.put('source/film', Buffer.from('film'), { contentType: 'video/mp4', signal })
  for (const key of ['', 'film-7']) {
    const json = { source: { key: 'source/film' } }
    const before = await submit(overHttp, { key: '', json })
    const gate = await closeGate('before the source is checked')
    const made = submit(overHttp, { key, json })
    await waiting(system.sql, 1)
    expect(await removeVideo(system.sql, before.id)).toBe(true)
    await gate.release()
    const { status, id } = await made
    expect(status).toBe(201)
    expect(await ids()).toEqual([id])
    expect(await system.sql`select key from sources`).toEqual([{ key: 'source/film' }])
    await removeVideo(system.sql, id)
    await system.sql`drop trigger "A_gate" on videos`
  }
})

test('a request whose API was killed before COMMIT makes its job in another one', async () => {
  const gate = await closeGate('before the key is kept')
  const first = submit(overHttp).catch(() => 'no answer')
  await waiting(system.sql, 1)
  system.api.kill('SIGKILL')
  expect(await first).toBe('no answer')
  await gate.release()
  await untilQuiet()
  expect(await ids()).toEqual([])
  await using other = await anotherApi()
  const { status, replayed } = await submit(other.ask)
  expect([status, replayed, (await ids()).length]).toEqual([201, false, 1])
})
