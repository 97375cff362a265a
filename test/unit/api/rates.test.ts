import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createLocalAllowances } from '../../../src/api/rates/allowance.ts'
import { type Policy, policiesOf, policyNameOf } from '../../../src/api/rates/policy.ts'
import { whoAsks } from '../../../src/api/rates/rate-limit.ts'

const three: Policy = { name: 'read', quota: 3, windowS: 60 }

test('a quota is there at once, comes back one by one, and never grows beyond itself', () => {
  let now = 0
  const take = createLocalAllowances(10, () => now)
  const takeAt = (second: number) => {
    now = second * 1_000_000
    return take('a', three)
  }
  expect([takeAt(0), takeAt(0), takeAt(0), takeAt(0)]).toEqual([
    { granted: true, left: 2, untilWholeS: 20 },
    { granted: true, left: 1, untilWholeS: 40 },
    { granted: true, left: 0, untilWholeS: 60 },
    { granted: false, waitS: 20 },
  ])
  expect(takeAt(19)).toEqual({ granted: false, waitS: 1 })
  expect(takeAt(20)).toMatchObject({ granted: true, left: 0 })
  expect(takeAt(3600)).toMatchObject({ granted: true, left: 2 })
})

test('one client takes nothing from another, and only so many are remembered', () => {
  const take = createLocalAllowances(2, () => 0)
  const one: Policy = { ...three, quota: 1 }
  expect(take('a', one).granted).toBe(true)
  expect(take('b', one).granted).toBe(true)
  expect(take('a', one).granted).toBe(false)
  // Makes room by forgetting the first.
  expect(take('c', one).granted).toBe(true)
  expect(take('b', one).granted).toBe(false)
  expect(take('a', one).granted).toBe(true)
})

test.each([
  ['GET', '/videos?limit=5', 'read'],
  ['HEAD', '/videos', 'read'],
  ['GET', '/nothing', 'read'],
  ['GET', '/readyz', 'read'],
  ['POST', '/jobs', 'write'],
  ['POST', '/uploads/1/sign', 'write'],
  ['DELETE', '/videos/1', 'write'],
  ['PROPFIND', '/videos', 'write'],
  ['POST', '/probe', 'probe'],
  ['POST', '/jobs?dry_run=true', 'probe'],
  ['POST', '/jobs?dry_run=false', 'write'],
  ['GET', '/', null],
  ['GET', '/healthz', null],
  ['GET', '/web/app.js', null],
  ['GET', '/embed/1', null],
  ['POST', '/healthz', 'write'],
])('%s %s counts as %s', async (method, path, name) => {
  const app = new Hono().all('*', (c) => c.json({ name: policyNameOf(c) }))
  const response = await app.request(path, { method })
  if (method !== 'HEAD') expect(await response.json()).toEqual({ name })
})

test('a quota of 0 is no policy', () => {
  const policies = policiesOf({ RATE_READ: 0, RATE_WRITE: 5, RATE_PROBE: 0 })
  expect([...policies.keys()]).toEqual(['write'])
})

test.each([
  ['a key', { caller: { keyId: 'k1' } }, 'key:k1'],
  ['nobody in particular', { caller: { keyId: null } }, 'address:192.0.2.7'],
  ['a route that is open to all', {}, 'address:192.0.2.7'],
  ['a link that was handed on', { caller: { keyId: 'k1' }, link: 'token' }, 'address:192.0.2.7'],
])('a request by %s counts as its own', async (_, variables, who) => {
  const app = new Hono<{ Variables: Record<string, unknown> }>()
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(variables)) c.set(name, value)
    await next()
  })
  app.get('/', (c) => c.text(whoAsks(c, 0)))
  const response = await app.request('/', {}, { incoming: { socket: { remoteAddress: '192.0.2.7' } } })
  expect(await response.text()).toBe(who)
})
