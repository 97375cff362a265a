import { expect, test } from 'vitest'
import { createLeases } from '../../../src/api/rates/leases.ts'
import type { Policy } from '../../../src/api/rates/policy.ts'

/** An allowance from which units are taken and never come back, and each request for some. */
function allowance(quota: number) {
  let left = quota
  let nowMs = 0
  const wanted: number[] = []
  const policy: Policy = { name: 'read', quota, windowS: 60 }
  const leases = createLeases(
    async (_key, _policy, want) => {
      wanted.push(want)
      await new Promise(setImmediate)
      const units = Math.min(want, left)
      left -= units
      const taken = units > 0 ? ({ granted: true, left, untilWholeS: 1 } as const) : refused
      return { units, taken }
    },
    10,
    () => nowMs,
  )
  return { take: () => leases.take('me', policy), wanted, pass: (ms: number) => (nowMs += ms) }
}
const refused = { granted: false, waitS: 9 } as const

test('a busy client asks ever more rarely, up to a hundredth of its quota, and is told what is left all the same', async () => {
  const { take, wanted } = allowance(1_000)
  const left: unknown[] = []
  for (let count = 0; count < 30; count++) left.push(await take())
  expect(wanted).toEqual([1, 2, 4, 8, 10, 10])
  expect(left).toEqual(
    Array.from({ length: 30 }, (_, count) => ({ granted: true, left: 999 - count, untilWholeS: 1 })),
  )
})

test('many at once are granted the quota and no unit more', async () => {
  const { take } = allowance(500)
  const taken = await Promise.all(Array.from({ length: 900 }, take))
  expect(taken.filter(({ granted }) => granted)).toHaveLength(500)
  expect(taken.filter(({ granted }) => !granted)).toHaveLength(400)
})

test('a client that comes now and then takes one unit each time', async () => {
  const { take, wanted, pass } = allowance(1_000)
  for (let count = 0; count < 5; count++) {
    await take()
    pass(1_000)
  }
  expect(wanted).toEqual([1, 1, 1, 1, 1])
})

test('units of a lease that is over are not used', async () => {
  const { take, wanted, pass } = allowance(1_000)
  for (let count = 0; count < 4; count++) await take()
  expect(wanted).toEqual([1, 2, 4])
  pass(1_000)
  expect(await take()).toMatchObject({ left: 992 })
  expect(wanted).toEqual([1, 2, 4, 1])
})

test('a small quota is taken one by one', async () => {
  const { take, wanted } = allowance(199)
  for (let count = 0; count < 5; count++) await take()
  expect(wanted).toEqual([1, 1, 1, 1, 1])
})

test('whoever waits for units is told of a failure too, and the next asks again', async () => {
  let fails = true
  const leases = createLeases(async () => {
    if (fails) throw new Error('away')
    return { units: 1, taken: { granted: true, left: 5, untilWholeS: 1 } }
  }, 10)
  const policy: Policy = { name: 'read', quota: 1_000, windowS: 60 }
  const asked = await Promise.allSettled([leases.take('a', policy), leases.take('a', policy)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await leases.take('a', policy)).toMatchObject({ granted: true })
})
