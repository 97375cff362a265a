import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  hold,
  type JobsUnderTest,
  readState,
  startJobs,
  submit,
  waiting,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

test('a submission that meets the deletion of its source names it anew', async () => {
  const key = 'source/shared'
  await jobs.sql`insert into sources (key) values (${key})`
  const deletion = await hold(jobs.sql, (tx) => tx`select from sources where key = ${key} for update`)
  const submission = submit(jobs.sql, { key })
  await waiting(jobs.sql, 1)
  await deletion.release((tx) => tx`delete from sources where key = ${key}`)
  const { videoId } = await submission
  expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'queued', source_key: key })
  expect(await jobs.sql`select key from sources`).toEqual([{ key }])
})
