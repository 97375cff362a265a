import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expireAnswers, makeOnce, type RequestKey } from '../../../src/jobs/idempotency.ts'
import { hold, type JobsUnderTest, startJobs, waiting } from '../../support/jobs-under-test.ts'

// One session is in the middle of a request with a key; another comes with the same one.
let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.sql`truncate idempotency_keys`)

const request: RequestKey = {
  owner: 'default',
  route: 'POST /jobs',
  key: 'film-7',
  fingerprint: Buffer.alloc(32, 1),
  keepS: 60,
}
const answer = (body: string) => ({ answer: { location: null, body } })
const told = (body: string) => ({ earlier: { location: null, body } })
const inUse = { code: 'idempotency_key_in_use' }

/** A request that has made what it makes and does not commit before `finish`. */
async function underWay(asked = request) {
  const reached = Promise.withResolvers<void>()
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const outcome = makeOnce(jobs.sql, asked, async () => {
    reached.resolve()
    await finished
    return answer('first')
  })
  await Promise.race([reached.promise, outcome])
  return { outcome, finish }
}

test('the second is refused while the first is open, and told its answer afterwards', async () => {
  const first = await underWay()
  const never = () => Promise.reject(new Error('made twice'))
  await expect(makeOnce(jobs.sql, request, never)).rejects.toMatchObject(inUse)
  first.finish()
  expect(await first.outcome).toEqual({ made: answer('first') })
  expect(await makeOnce(jobs.sql, request, never)).toEqual(told('first'))
  const other = { ...request, fingerprint: Buffer.alloc(32, 2) }
  await expect(makeOnce(jobs.sql, other, never)).rejects.toMatchObject({ code: 'idempotency_key_reused' })
})

test.each([
  ['owner', { ...request, owner: 'another' }],
  ['route', { ...request, route: 'POST /uploads' }],
  ['key', { ...request, key: 'film-8' }],
])('the second goes its way when it has another %s', async (_, other) => {
  const first = await underWay()
  expect(await makeOnce(jobs.sql, other, async () => answer('second'))).toEqual({ made: answer('second') })
  first.finish()
  expect(await first.outcome).toEqual({ made: answer('first') })
})

test('the second makes it when the first is rolled back', async () => {
  await expect(makeOnce(jobs.sql, request, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await makeOnce(jobs.sql, request, async () => answer('second'))).toEqual({ made: answer('second') })
})

test('without the lock it is still the primary key that keeps the second from making it again', async () => {
  const session = await hold(
    jobs.sql,
    (tx) => tx`insert into idempotency_keys (owner, route, key, fingerprint, body, expires_at)
               values ('default', 'POST /jobs', 'film-7', ${request.fingerprint}, 'first', now() + interval '1 min')`,
  )
  const second = expect(makeOnce(jobs.sql, request, async () => answer('second'))).rejects.toMatchObject(
    inUse,
  )
  await waiting(jobs.sql, 1)
  await session.release()
  await second
  expect(await jobs.sql`select body from idempotency_keys`).toEqual([{ body: 'first' }])
})

test('a key that is being expired is taken by the next request, and expiring waits for nobody', async () => {
  await makeOnce(jobs.sql, request, async () => answer('old'))
  await jobs.sql`update idempotency_keys set expires_at = now()`
  const session = await hold(jobs.sql, (tx) => tx`delete from idempotency_keys`)
  await expireAnswers(jobs.sql)
  const second = makeOnce(jobs.sql, request, async () => answer('new'))
  await waiting(jobs.sql, 1)
  await session.release()
  expect(await second).toEqual({ made: answer('new') })
  expect(await jobs.sql`select body from idempotency_keys`).toEqual([{ body: 'new' }])
})
