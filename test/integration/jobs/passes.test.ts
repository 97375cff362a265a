import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expireUploads } from '../../../src/jobs/close-upload.ts'
import { collectGarbage } from '../../../src/jobs/collect.ts'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { dispatchTasks, reconcileHints } from '../../../src/jobs/dispatch.ts'
import { passLocks, takeTurn, tryPass } from '../../../src/jobs/passes.ts'
import { reapTasks } from '../../../src/jobs/reap.ts'
import { scheduleCollection } from '../../../src/jobs/video-lock.ts'
import { forgetDeadWorkers, seeWorker } from '../../../src/jobs/workers.ts'
import { hold, type JobsUnderTest, leaseMs, startJobs, submit } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const holdLock = (pass: keyof typeof passLocks) =>
  hold(jobs.sql, (tx) => tx`select pg_advisory_xact_lock(${passLocks[pass]})`)

describe('a short pass', () => {
  test('leaves at once while another process is at it, and does nothing', async () => {
    const { taskId } = await submit(jobs.sql)
    await dispatchTasks(jobs.sql, jobs.stream)
    await jobs.sql`update tasks set announced_at = now() - interval '1 h' where id = ${taskId}`
    const worker = { id: 'w', consumer: 'w', host: 'h', version: '1', build: 'b', slots: 1 }
    await seeWorker(jobs.sql, worker, false)
    await jobs.sql`update workers set seen_at = now() - interval '2 days'`
    await createUpload(jobs.sql, 3_600)
    await jobs.sql`update uploads set expires_at = now() - interval '2 h'`

    const passes = {
      dispatch: () => dispatchTasks(jobs.sql, jobs.stream),
      reap: () => reapTasks(jobs.sql, leaseMs),
      reconcile: () => reconcileHints(jobs.sql, 60_000),
      uploads: () => expireUploads(jobs.sql),
      workers: () => forgetDeadWorkers(jobs.sql),
    }
    for (const [name, pass] of Object.entries(passes)) {
      const session = await holdLock(name as keyof typeof passLocks)
      await pass()
      await session.release()
    }
    const left = () => jobs.sql`
      select (select count(*) from tasks where announced_at is null) as unannounced,
             (select count(*) from workers) as workers, (select count(*) from uploads where closed_at is null) as uploads`
    expect(await left()).toEqual([{ unannounced: 0, workers: 1, uploads: 1 }])
    for (const pass of Object.values(passes)) await pass()
    expect(await left()).toEqual([{ unannounced: 1, workers: 0, uploads: 0 }])
  })

  test('of a process that pauses in it is free again when the server ends its transaction', async () => {
    const { host, port, database, user, pass: password } = jobs.sql.options
    const other = postgres({
      host: host[0] ?? '',
      port: port[0] ?? 0,
      database,
      user,
      password: password ?? '',
      max: 1,
    })
    const paused = await other.reserve()
    await paused`begin`
    await paused`set local idle_in_transaction_session_timeout = 300`
    await paused`select pg_advisory_xact_lock(${passLocks.reconcile})`
    const pass = () => tryPass(jobs.sql, 'reconcile', async () => 'done')
    expect(await pass()).toBeNull()
    await expect.poll(pass, { timeout: 10_000 }).toBe('done')
    await other.end({ timeout: 0 })
  })
})

describe('a turn', () => {
  const turn = () => takeTurn(jobs.sql, 'collect', 60_000)

  test('is taken by one of all that ask, and comes again in its time', async () => {
    const answers = await Promise.all([turn(), turn(), turn(), turn(), turn()])
    expect(answers.filter((place) => place !== null)).toEqual([''])
    expect(await turn()).toBeNull()
    await jobs.sql`update passes set next_at = now()`
    expect(await Promise.all([turn(), turn(), turn()])).toHaveLength(3)
    expect(await turn()).toBeNull()
  })

  test('is not waited for longer than it lasts after the clock stepped back', async () => {
    await turn()
    await jobs.sql`update passes set next_at = now() + interval '1 day'`
    expect(await turn()).toBe('')
    expect(await turn()).toBeNull()
  })
})

test('two collectors at once look at different folders', async () => {
  for (const id of ['a', 'b', 'c']) await scheduleCollection(jobs.sql, `processed/${id}/`)
  const listed: string[] = []
  const list = async (prefix: string) => {
    listed.push(prefix)
    return jobs.storage.list(prefix)
  }
  const collect = () => collectGarbage(jobs.sql, { ...jobs.storage, list })
  await Promise.all([collect(), collect(), collect()])
  expect(listed.sort()).toEqual(['processed/a/', 'processed/b/', 'processed/c/'])
})

test('a folder whose collector died is looked at by another one later', async () => {
  await scheduleCollection(jobs.sql, 'processed/a/')
  const died = Promise.withResolvers<never>()
  const listing = Promise.withResolvers<void>()
  const list = () => {
    listing.resolve()
    return died.promise
  }
  const dying = collectGarbage(jobs.sql, { ...jobs.storage, list })
  await listing.promise
  const due = () => jobs.sql`select from collections where due_at <= now()`
  expect(await due()).toHaveLength(0)
  await jobs.sql`update collections set due_at = due_at - interval '121 s'`
  expect(await due()).toHaveLength(1)
  died.reject(new Error('killed'))
  await expect(dying).rejects.toThrow('killed')
})
