import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { createDatabase, type Database, isDatabaseOutage } from '../../src/db.ts'
import { createPool } from '../../src/db-pool.ts'
import { startTcpProxy, type TcpProxy } from '../chaos/support/proxy.ts'

const url = inject('services').DATABASE_URL ?? ''
let admin: Database
let proxy: TcpProxy
let sql: Database
let name = ''
let tests = 0
beforeAll(() => {
  admin = createDatabase({ url, name: 'test', max: 1 })
})
afterAll(() => admin.end({ timeout: 1 }))
beforeEach(async () => {
  proxy = await startTcpProxy(url)
  // The server notices late that a client is gone: each test looks for its own.
  name = `test-cut-${++tests}`
  sql = createDatabase({ url: proxy.through(url), name, max: 2 })
})
afterEach(async () => {
  await sql.end({ timeout: 0 })
  await proxy[Symbol.asyncDispose]()
})

/** What an attempt came to, and how long it took. */
async function outcome(attempt: Promise<unknown>): Promise<{ outage: boolean; ms: number }> {
  const from = performance.now()
  const outage = await attempt.then(
    () => false,
    (error: unknown) => isDatabaseOutage(error) || Promise.reject(error),
  )
  return { outage, ms: performance.now() - from }
}

/** Each statement is given its own answer: postgres-js could get out of step with its connection. */
async function expectInStep(): Promise<void> {
  for (const number of [1, 2, 3, 4]) {
    expect(await sql`select ${number}::int as number`).toEqual([{ number }])
  }
}

/** Resolves once the server runs a statement that sleeps. */
async function sleeping(): Promise<void> {
  await vi.waitFor(async () => {
    const rows = await admin`select from pg_stat_activity
      where application_name = ${name} and wait_event = 'PgSleep'`
    expect(rows).toHaveLength(1)
  })
}

test.for(['cut', 'reset'] as const)(
  'a transaction whose connection is %s in a statement ends as an outage, and nothing else does',
  async (how) => {
    const cut = outcome(
      sql.begin(async (tx) => {
        await tx`select 1`
        await tx`select pg_sleep(20)`
      }),
    )
    await sleeping()
    proxy[how]()
    expect(await cut).toMatchObject({ outage: true })
    await expectInStep()
  },
)

test.for(['cut', 'reset'] as const)(
  'a transaction whose connection is %s between two statements ends as an outage, and nothing else does',
  async (how) => {
    const wasCut = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const cut = outcome(
      sql.begin(async (tx) => {
        await tx`select 1`
        begun.resolve()
        await wasCut.promise
        await tx`select 2`
      }),
    )
    await begun.promise
    const connections = proxy.counts().open
    proxy[how]()
    await vi.waitFor(() => expect(proxy.counts().open).toBeLessThan(connections))
    expect(await cut).toMatchObject({ outage: true })
    wasCut.resolve()
    await expectInStep()
  },
)

test.for(['to-server', 'to-client', 'both'] as const)(
  'a black hole %s ends what is pending, refuses what comes, and is over soon after it heals',
  async (direction) => {
    await expectInStep()
    proxy.swallow(direction)
    const pending = outcome(sql`select 1`)
    const inTransaction = outcome(sql.begin((tx) => tx`select 1`))
    for (const { outage, ms } of await Promise.all([pending, inTransaction])) {
      expect(outage).toBe(true)
      expect(ms).toBeLessThan(9_000)
    }
    const refused = await outcome(sql`select 1`)
    expect(refused.outage).toBe(true)
    expect(refused.ms).toBeLessThan(4_000)

    await proxy.heal()
    await expect.poll(() => outcome(sql`select 1`), { timeout: 15_000 }).toMatchObject({ outage: false })
    await expectInStep()
  },
)

test('listeners hear again after a black hole, and are told that they may have missed something', async () => {
  const heard: string[] = []
  const listening = vi.fn<() => void>()
  await sql.listen('test_cut', (payload) => heard.push(payload), listening)
  await admin.notify('test_cut', 'before')
  await vi.waitFor(() => expect(heard).toEqual(['before']))

  proxy.swallow('both')
  await expect.poll(() => outcome(sql`select 1`), { timeout: 10_000 }).toMatchObject({ outage: true })
  await proxy.heal()
  await vi.waitFor(() => expect(listening).toHaveBeenCalledTimes(2), { timeout: 15_000 })
  await admin.notify('test_cut', 'after')
  await vi.waitFor(() => expect(heard).toEqual(['before', 'after']))
})

test('one connection that hangs among healthy ones is cut, a resting listener is not', async () => {
  const pool = createPool({ url: proxy.through(url), name, max: 2 })
  const heard = vi.fn<(payload: string) => void>()
  await pool.sql.listen('test_cut', heard)
  await pool.sql`select 1`
  proxy.swallow('to-server')
  const hanging = outcome(pool.sql`select 2`)
  await vi.waitFor(() => expect(proxy.counts().swallowed).toBeGreaterThan(0))
  await proxy.heal()
  pool.cutSilent(0)
  pool.cutSilent(34_000)
  expect(await pool.sql`select 3 as three`).toEqual([{ three: 3 }])
  pool.cutSilent(1_000)
  expect(await hanging).toMatchObject({ outage: true })
  expect(await pool.sql`select 4 as four`).toEqual([{ four: 4 }])
  await admin.notify('test_cut', 'still here')
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith('still here'))
  await pool.end(0)
})

test('arrays go out and come back, with nulls and signs that need care', async () => {
  const texts = ['a', '', 'with "quotes"', 'back\\slash', '{,}', null, 'NULL']
  const [row] = await sql`select ${texts}::text[] as texts, array[1, null, -2]::bigint[] as numbers`
  expect(row).toEqual({ texts, numbers: [1, null, -2] })
  const id = '01a1fd8b-7757-71bc-923e-4f62b2894ab8'
  expect(await sql`select 1 as one where ${id} = any(${[id]}::uuid[])`).toEqual([{ one: 1 }])
})

test('a server that is down is known to be within seconds, and found again when it is back', async () => {
  await expectInStep()
  proxy.refuse()
  proxy.cut()
  await expect
    .poll(async () => (await outcome(sql`select 1`)).ms, { timeout: 10_000, interval: 100 })
    .toBeLessThan(20)
  expect(await outcome(sql`select 1`)).toMatchObject({ outage: true })
  await proxy.heal()
  await expect.poll(() => outcome(sql`select 1`), { timeout: 15_000 }).toMatchObject({ outage: false })
})
