import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import type { WorkerContext } from '../../../src/worker/context.ts'
import { startMaintenance } from '../../../src/worker/maintenance.ts'
import { claim, type JobsUnderTest, readTask, startJobs, submit } from '../../support/jobs-under-test.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())

test('a worker offers every pass: it announces, shows dead letters, and takes each turn there is', async () => {
  const failed = await submit(jobs.sql)
  await failTask(jobs.sql, await claim(jobs.sql, failed.taskId), { code: 'no_video', message: 'no picture' })
  const waiting = await submit(jobs.sql)
  const { sql, stream, storage } = jobs
  const faults: unknown[] = []
  const context = {
    ...{ sql, stream, storage, config: loadConfig({}), log: searchedLog('worker') },
    ...{ reach: () => {}, report: (error: unknown) => faults.push(error) },
  } as unknown as WorkerContext
  const stopped = new AbortController()
  const maintenance = startMaintenance(context, stopped.signal)

  const turns = async () =>
    (await sql<{ name: string }[]>`select name from passes order by name`).map((row) => row.name)
  await expect
    .poll(turns, { timeout: 15_000 })
    .toEqual(['collect', 'dead_letters', 'expire', 'janitor', 'open_uploads', 'sweep'])
  await expect.poll(() => jobs.redis.xlen(jobs.names.deadStream), { timeout: 15_000 }).toBe(1)
  await expect
    .poll(() => readTask(sql, waiting.taskId), { timeout: 15_000 })
    .toHaveProperty('announced_at', expect.any(Date))
  stopped.abort()
  await maintenance.ended
  expect(faults).toEqual([])
})
