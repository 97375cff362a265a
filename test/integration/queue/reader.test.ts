import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { createReader, type Reader } from '../../../src/queue/reader.ts'
import { createRedis } from '../../../src/redis.ts'
import { type JobsUnderTest, startJobs } from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

let jobs: JobsUnderTest
let readers: Reader[] = []
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())
afterEach(() => {
  for (const reader of readers.splice(0)) reader.disconnect()
})

const log = searchedLog('worker')
const never = new AbortController().signal

function startReader(consumer: string, blockMs = 200): Reader {
  const url = inject('services').REDIS_URL ?? ''
  const redis = createRedis({ url, role: 'blocking', log })
  const reader = createReader({
    redis,
    names: jobs.names,
    stream: jobs.stream,
    consumer,
    blockMs,
    log,
    report: () => {},
  })
  readers = [...readers, reader]
  return reader
}

/** Resolves once a read blocks, the only one on these services. */
async function blocked(): Promise<void> {
  await vi.waitFor(async () => {
    expect(await jobs.redis.client('LIST')).toMatch(/flags=b .*cmd=xreadgroup/)
  })
}

test('a read gives the next entry, each to one consumer, and null when none comes', async () => {
  const [a, b] = [startReader('a'), startReader('b')]
  await jobs.stream.announce({ id: 1, streamId: null })
  await jobs.stream.announce({ id: 2, streamId: null })
  const entries = [await a.next(never), await b.next(never), await a.next(never)]
  expect(entries.map((entry) => entry?.taskId)).toEqual([1, 2, undefined])
})

test('a read that waits gets an entry at once when it is announced', async () => {
  const reading = startReader('a', 5_000).next(never)
  await blocked()
  await jobs.stream.announce({ id: 1, streamId: null })
  expect(await reading).toMatchObject({ taskId: 1 })
})

test('a reader finds the group gone with its stream, makes it again and reads what came before', async () => {
  const reader = startReader('a', 5_000)
  const reading = reader.next(never)
  await blocked()
  await jobs.redis.del(jobs.names.stream)
  await jobs.stream.announce({ id: 1, streamId: null })
  expect(await reading).toBeNull()
  expect(await reader.next(never)).toMatchObject({ taskId: 1 })
})

test('a read that is stopped ends at once, and what it was handed stays pending', async () => {
  const reader = startReader('a', 5_000)
  const drain = new AbortController()
  const reading = reader.next(drain.signal)
  await blocked()
  drain.abort()
  expect(await reading).toBeNull()
  await jobs.stream.announce({ id: 1, streamId: null })
  await vi.waitFor(async () => expect(await jobs.stream.pendingOf('a')).toMatchObject([{ taskId: 1 }]))
})
