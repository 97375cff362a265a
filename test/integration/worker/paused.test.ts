import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { TransientError } from '../../../src/errors.ts'
import type { Perform } from '../../../src/worker/perform.ts'
import { startWorker } from '../../../src/worker/start.ts'
import { startTcpProxy, type TcpProxy } from '../../chaos/support/proxy.ts'
import { type JobsUnderTest, readTask, startJobs, submit } from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

let jobs: JobsUnderTest
let scratch: string
let proxies: Record<'database' | 'redis' | 'storage', TcpProxy>
let worker: Awaited<ReturnType<typeof startWorker>> | null = null
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(async () => {
  await jobs.reset()
  scratch = await mkdtemp(join(tmpdir(), 'stepladder-paused-'))
  const services = inject('services')
  const [database, redis, storage] = await Promise.all([
    startTcpProxy(services.DATABASE_URL ?? ''),
    startTcpProxy(services.REDIS_URL ?? ''),
    startTcpProxy(services.S3_ENDPOINT ?? ''),
  ])
  proxies = { database, redis, storage }
})
afterEach(async () => {
  await Promise.all(Object.values(proxies).map((proxy) => proxy.heal()))
  await worker?.drain()
  worker = null
  for (const proxy of Object.values(proxies)) await proxy[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

/** One worker in this process, behind a proxy for each of its neighbours. */
async function start(overrides: Partial<Config> = {}, perform?: Perform): Promise<void> {
  const { config } = jobs
  const through = {
    DATABASE_URL: proxies.database.through(config.DATABASE_URL),
    REDIS_URL: proxies.redis.through(config.REDIS_URL),
    S3_ENDPOINT: `http://127.0.0.1:${proxies.storage.port}`,
  }
  const own = { SCRATCH_DIR: scratch, WORKER_NAME: 'paused', WORKER_SLOTS: 1, BEAT_MS: 500, BLOCK_MS: 1_000 }
  worker = await startWorker({ ...config, ...through, ...own, ...overrides }, searchedLog('worker', config), {
    ...(perform && { perform }),
  })
}

type Row = { paused_for: string[]; paused_since: Date | null }
const row = async () => (await jobs.sql<Row[]>`select paused_for, paused_since from workers`)[0]
const paused = (needs: string[]) =>
  vi.waitFor(async () => expect((await row())?.paused_for).toEqual(needs), { timeout: 20_000, interval: 50 })
/** What readers were handed so far. */
async function read(): Promise<number> {
  const groups = await jobs.redis.xinfo('GROUPS', jobs.names.stream)
  const fields = Array.isArray(groups) && Array.isArray(groups[0]) ? groups[0] : []
  return Number(fields[fields.indexOf('entries-read') + 1])
}

test('a worker whose disk is nearly full claims nothing, gives back what it was handed, and says so', async () => {
  const disk = await statfs(scratch)
  await start({ MIN_FREE_SCRATCH_BYTES: disk.blocks * disk.bsize + 1 })
  const { taskId } = await submit(jobs.sql)
  await paused(['scratch'])
  expect((await row())?.paused_since).toEqual(expect.any(Date))
  expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'queued', fence: 0, attempt: 0 })
  await vi.waitFor(async () => expect(await jobs.stream.pendingOf('paused')).toEqual([]))
})

test('a worker that loses Redis says so, and goes on when it is back', async () => {
  await start()
  await paused([])
  proxies.redis.swallow('both')
  await paused(['redis'])
  await proxies.redis.heal()
  await paused([])
  expect((await row())?.paused_since).toBeNull()
  const { taskId } = await submit(jobs.sql)
  await vi.waitFor(async () => expect((await readTask(jobs.sql, taskId)).fence).toBeGreaterThan(0), 15_000)
})

test('a worker without the database reads no hints, and reads them when it is back', async () => {
  await start()
  await paused([])
  proxies.database.swallow('both')
  const seenAt = async () => (await jobs.sql`select seen_at from workers`)[0]?.seen_at.getTime()
  // Two of its pauses without a word: it knows by now.
  await vi.waitFor(async () => expect(Date.now() - (await seenAt())).toBeGreaterThan(9_000), 20_000)
  const { taskId } = await submit(jobs.sql)
  const before = await read()
  await jobs.stream.announce({ id: taskId, streamId: null })
  await expect(vi.waitFor(async () => expect(await read()).toBeGreaterThan(before), 2_000)).rejects.toThrow()
  await proxies.database.heal()
  await vi.waitFor(async () => expect((await readTask(jobs.sql, taskId)).fence).toBe(1), 15_000)
})

test('a worker that finds the store away in a task spends no attempt, and begins no other until it is back', async () => {
  const perform = vi.fn<Perform>(async () => {})
  perform.mockImplementationOnce(() => {
    proxies.storage.refuse()
    proxies.storage.cut()
    return Promise.reject(new TransientError('source_unreachable', 'the source could not be read'))
  })
  await start({}, perform)
  const tasks = [await submit(jobs.sql), await submit(jobs.sql)]
  await paused(['storage'])
  const ends = () =>
    jobs.sql`select outcome, error ->> 'code' as code from task_runs where outcome is not null`
  await expect.poll(ends).toEqual([{ outcome: 'released', code: 'storage_unavailable' }])
  const rows = await Promise.all(tasks.map(({ taskId }) => readTask(jobs.sql, taskId)))
  expect(rows.map(({ state, attempt, crashes }) => [state, attempt, crashes])).toEqual([
    ['queued', 0, 0],
    ['queued', 0, 0],
  ])
  expect(perform).toHaveBeenCalledOnce()
  await proxies.storage.heal()
  await paused([])
  await vi.waitFor(() => expect(perform.mock.calls.length).toBeGreaterThan(1), 15_000)
})
