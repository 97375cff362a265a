import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createDatabase, type Database, isDatabaseOutage } from '../../../src/db.ts'
import { FencedError } from '../../../src/errors.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import type { ClaimedTask } from '../../../src/jobs/claim.ts'
import { beatUntil } from '../../../src/runs/heartbeat.ts'
import { claim, type JobsUnderTest, readTask, startJobs, submit } from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

const log = searchedLog('worker')
const config = { BEAT_MS: 50, LEASE_MS: 20_000 }
let jobs: JobsUnderTest
let nowhere: Database
let stopped: AbortController
let beating: Promise<void>
beforeAll(async () => {
  jobs = await startJobs()
  nowhere = createDatabase({ url: 'postgres://u:p@127.0.0.1:1/x', name: 'test', max: 1 })
})
afterAll(async () => {
  await nowhere.end({ timeout: 0 })
  await jobs[Symbol.asyncDispose]()
})
beforeEach(async () => {
  stopped = new AbortController()
  await jobs.reset()
})
afterEach(async () => {
  vi.restoreAllMocks()
  stopped.abort()
  await beating
})

async function claimed(): Promise<ClaimedTask> {
  const { taskId } = await submit(jobs.sql)
  return claim(jobs.sql, taskId)
}

/** A run that beats, and what is done to it. */
function beat(task: ClaimedTask, sql = jobs.sql, refresh: () => Promise<unknown> = async () => {}) {
  const abort = vi.fn<(reason: Error) => void>()
  const report = vi.fn<(error: unknown) => void>()
  beating = beatUntil({ sql, config, log, report }, { task, abort, refresh }, stopped.signal)
  return { abort, report }
}

test('a beat extends the lease and refreshes the entry, until it is stopped', async () => {
  const task = await claimed()
  const before = await readTask(jobs.sql, task.taskId)
  const refresh = vi.fn<() => Promise<unknown>>(async () => {})
  const { abort } = beat(task, jobs.sql, refresh)
  await vi.waitFor(() => expect(refresh.mock.calls.length).toBeGreaterThan(1))
  stopped.abort()
  await beating
  const { lease_until } = await readTask(jobs.sql, task.taskId)
  expect(lease_until?.getTime()).toBeGreaterThan(before.lease_until?.getTime() ?? 0)
  expect(abort).not.toHaveBeenCalled()
})

test('a run that lost its task is ended at its next beat, and beats no more', async () => {
  const task = await claimed()
  const { abort } = beat(task)
  await cancelVideo(jobs.sql, task.videoId)
  await beating
  expect(abort.mock.calls).toEqual([[expect.any(FencedError)]])
})

test('a database that is away ends no run, and is reported', async () => {
  const refresh = vi.fn<() => Promise<unknown>>(async () => {})
  const { abort, report } = beat(await claimed(), nowhere, refresh)
  await vi.waitFor(() => expect(refresh.mock.calls.length).toBeGreaterThan(3))
  expect(report.mock.calls.every(([error]) => isDatabaseOutage(error))).toBe(true)
  expect(abort).not.toHaveBeenCalled()
})

test('after ten minutes without the database the run is given up, as an outage', async () => {
  const { abort } = beat(await claimed(), nowhere)
  const late = Date.now() + 600_001
  vi.spyOn(Date, 'now').mockImplementation(() => late)
  await beating
  expect(abort.mock.calls).toEqual([[expect.objectContaining({ code: 'database_unavailable' })]])
})

test('what Redis says of the entry ends no run', async () => {
  const { abort, report } = beat(await claimed(), jobs.sql, () =>
    Promise.reject(new Error('Command timed out')),
  )
  await vi.waitFor(() => expect(report.mock.calls.length).toBeGreaterThan(2))
  expect(abort).not.toHaveBeenCalled()
})
