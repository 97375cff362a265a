import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dropStaleEntries } from '../../../src/jobs/drop-stale-entries.ts'
import { markAnnounced } from '../../../src/jobs/submit.ts'
import { claim, type JobsUnderTest, startJobs, submit } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

async function announce(id: number, streamId: string | null = null): Promise<string> {
  const entryId = await jobs.stream.announce({ id, streamId })
  if (!entryId) throw new Error('there was no room')
  return entryId
}

/** Delivers the next entry to a consumer, as a read does. */
async function deliver(consumer: string): Promise<void> {
  const { stream, group } = jobs.names
  await jobs.redis.xreadgroup('GROUP', group, consumer, 'COUNT', 1, 'STREAMS', stream, '>')
}

const entries = async () => (await jobs.redis.xrange(jobs.names.stream, '-', '+')).map(([id]) => id)
/** [entry, consumer, idle ms, deliveries] of each pending entry. */
const pending = async () =>
  (await jobs.redis.xpending(jobs.names.stream, jobs.names.group, '-', '+', 10)) as [
    string,
    string,
    number,
    number,
  ][]

describe('an announcement', () => {
  test('is refused once the stream is as long as the limit', async () => {
    expect(await jobs.stream.announce({ id: 1, streamId: null }, 2)).toEqual(expect.any(String))
    expect(await jobs.stream.announce({ id: 2, streamId: null }, 2)).toEqual(expect.any(String))
    expect(await jobs.stream.announce({ id: 3, streamId: null }, 2)).toBeNull()
    expect(await entries()).toHaveLength(2)
  })

  test('replaces the former entry of its task, delivered or not', async () => {
    const first = await announce(1)
    await deliver('a')
    const second = await announce(1, first)
    expect(await entries()).toEqual([second])
    expect(await pending()).toEqual([])
  })

  test('without room leaves the former entry where it is', async () => {
    const first = await announce(1)
    expect(await jobs.stream.announce({ id: 1, streamId: first }, 1)).toBeNull()
    expect(await entries()).toEqual([first])
  })
})

describe('the group', () => {
  test('created after the stream was lost reads what was announced before it existed', async () => {
    await jobs.redis.del(jobs.names.stream)
    await announce(7)
    await expect(deliver('a')).rejects.toThrow('NOGROUP')
    await jobs.stream.createGroup()
    await deliver('a')
    expect(await jobs.stream.pendingOf('a')).toMatchObject([{ taskId: 7 }])
  })

  test('created twice stays as it is', async () => {
    await announce(1)
    await deliver('a')
    await jobs.stream.createGroup()
    expect(await pending()).toHaveLength(1)
  })
})

describe('a refresh', () => {
  test('makes an own entry young without counting a delivery', async () => {
    const id = await announce(1)
    await deliver('a')
    await jobs.redis.xclaim(jobs.names.stream, jobs.names.group, 'a', 0, id, 'IDLE', 90_000, 'JUSTID')
    expect(await jobs.stream.refresh('a', id)).toBe(true)
    const [entry] = await pending()
    expect(entry?.[2]).toBeLessThan(5_000)
    expect(entry?.[3]).toBe(1)
  })

  test('does not take back an entry that is another consumer’s now', async () => {
    const id = await announce(1)
    await deliver('a')
    await jobs.redis.xclaim(jobs.names.stream, jobs.names.group, 'b', 0, id)
    expect(await jobs.stream.refresh('a', id)).toBe(false)
    expect((await pending())[0]?.[1]).toBe('b')
  })

  test('of a settled entry says no and brings nothing back', async () => {
    const id = await announce(1)
    await deliver('a')
    await jobs.stream.settle([id])
    expect(await jobs.stream.refresh('a', id)).toBe(false)
    expect(await pending()).toEqual([])
    expect(await entries()).toEqual([])
  })
})

describe('the own pending entries', () => {
  test('are all of one consumer, however many, and none of another', async () => {
    for (let id = 1; id <= 120; id++) await announce(id)
    const { stream, group } = jobs.names
    await jobs.redis.xreadgroup('GROUP', group, 'a', 'COUNT', 110, 'STREAMS', stream, '>')
    await deliver('b')
    const found = await jobs.stream.pendingOf('a')
    expect(found.map((entry) => entry.taskId)).toEqual(Array.from({ length: 110 }, (_, index) => index + 1))
  })

  test('without a readable task, or deleted meanwhile, name none', async () => {
    const add = (field: string, value: string) => jobs.redis.xadd(jobs.names.stream, '*', field, value)
    await add('task', 'seven')
    await add('job', '7')
    await add('task', '-7')
    const gone = await announce(7)
    for (let i = 0; i < 4; i++) await deliver('a')
    await jobs.redis.xdel(jobs.names.stream, gone)
    const found = await jobs.stream.pendingOf('a')
    expect(found.map((entry) => entry.taskId)).toEqual([null, null, null, null])
    expect(found.map((entry) => entry.unreadable)).toEqual([
      '["task","seven"]',
      '["job","7"]',
      '["task","-7"]',
      undefined,
    ])
  })
})

describe('the janitor', () => {
  const makeIdle = (id: string) =>
    jobs.redis.xclaim(jobs.names.stream, jobs.names.group, 'a', 0, id, 'IDLE', 90_000, 'JUSTID')

  test('drops idle entries whose task does not run under them, and no others', async () => {
    const ids: string[] = []
    for (let i = 0; i < 4; i++) {
      const { taskId } = await submit(jobs.sql)
      ids.push(await announce(taskId))
      await deliver('a')
      if (i === 0) await claim(jobs.sql, taskId, { entryId: ids[0] ?? '' })
      if (i === 1) await claim(jobs.sql, taskId, { entryId: 'another' })
      if (i === 2) await markAnnounced(jobs.sql, taskId, ids[2] ?? '')
    }
    const [running, elsewhere, waiting, young] = ids
    for (const id of [running, elsewhere, waiting]) await makeIdle(id ?? '')
    expect(await dropStaleEntries(jobs.sql, jobs.stream)).toBe(2)
    expect(await entries()).toEqual([running, young])
    expect((await pending()).map(([id]) => id)).toEqual([running, young])
  })

  test('goes through more entries than one answer holds', async () => {
    for (let id = 1; id <= 130; id++) {
      const entryId = await announce(id)
      await deliver('gone')
      await makeIdle(entryId)
    }
    expect(await dropStaleEntries(jobs.sql, jobs.stream)).toBe(130)
    expect(await pending()).toEqual([])
  })
})

test('a consumer that is gone is deleted once nothing is pending for it, and not before', async () => {
  await announce(1)
  await deliver('busy')
  await jobs.redis.xgroup('CREATECONSUMER', jobs.names.stream, jobs.names.group, 'idle')
  const consumers = async () =>
    (await jobs.redis.xinfo('CONSUMERS', jobs.names.stream, jobs.names.group)) as unknown[][]
  expect(await jobs.stream.forgetConsumers(3_600_000)).toBe(0)
  expect(await jobs.stream.forgetConsumers(-1)).toBe(1)
  expect((await consumers()).map((row) => row[1])).toEqual(['busy'])
  expect(await pending()).toHaveLength(1)
})
