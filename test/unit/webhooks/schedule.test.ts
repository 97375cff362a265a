import { expect, test } from 'vitest'
import { type Answer, judge, maxAttempts, retryAfterMs } from '../../../src/webhooks/schedule.ts'

const answer = (status: number | null, retryAfter: number | null = null): Answer => {
  return { status, error: null, response: null, retryAfterMs: retryAfter }
}
const pauseS = (attempt: number, random: number) => {
  const verdict = judge(answer(500), attempt, () => random)
  return verdict.kind === 'again' ? verdict.pauseMs / 1000 : verdict.kind
}

test('the pauses are those of Standard Webhooks, and after the tenth attempt it is given up', () => {
  const attempts = Array.from({ length: maxAttempts }, (_, index) => index + 1)
  const pauses = attempts.map((attempt) => pauseS(attempt, 0))
  const h = 3_600
  expect(pauses).toEqual([5, 300, 1_800, 2 * h, 5 * h, 10 * h, 14 * h, 20 * h, 24 * h, 'spent'])
})

test('up to a fifth is added to a pause at random', () => {
  expect([pauseS(2, 0), pauseS(2, 0.5), pauseS(2, 1)]).toEqual([300, 330, 360])
})

test.for([200, 201, 204, 299])('%i is success', (status) => {
  expect(judge(answer(status), 1)).toEqual({ kind: 'delivered' })
})

test.for([null, 100, 199, 300, 302, 304, 400, 404, 409, 429, 500, 503])('%s is tried again', (status) => {
  expect(judge(answer(status), 1)).toMatchObject({ kind: 'again' })
})

test('410 is the end, at the first attempt and at the last', () => {
  expect(judge(answer(410), 1)).toEqual({ kind: 'gone' })
  expect(judge(answer(410), maxAttempts)).toEqual({ kind: 'gone' })
})

test('a server that is busy may ask for a longer pause, of a day at most, and for no shorter one', () => {
  const asked = (status: number, ms: number) => judge(answer(status, ms), 2, () => 0)
  expect(asked(429, 3_600_000)).toEqual({ kind: 'again', pauseMs: 3_600_000 })
  expect(asked(503, 1e12)).toEqual({ kind: 'again', pauseMs: 86_400_000 })
  expect(asked(503, 1_000)).toEqual({ kind: 'again', pauseMs: 300_000 })
  expect(asked(500, 3_600_000)).toEqual({ kind: 'again', pauseMs: 300_000 })
})

test.for<[unknown, number | null]>([
  ['0', 0],
  ['120', 120_000],
  ['Sat, 21 Nov 2026 19:00:10 GMT', 10_000],
  ['Sat, 21 Nov 2026 18:00:00 GMT', 0],
  ['-5', null],
  ['1.5', null],
  ['99999999999999999999', null],
  ['soon', null],
  ['', null],
  [undefined, null],
  [['1', '2'], null],
])('Retry-After %s is %s ms', ([header, ms]) => {
  expect(retryAfterMs(header, Date.parse('2026-11-21T19:00:00Z'))).toBe(ms)
})
