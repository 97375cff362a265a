import { expect, test } from 'vitest'
import { createShares } from '../../../src/api/shares.ts'

const refusal = expect.objectContaining({ code: 'too_many_event_streams' })

test('each caller has its own places, and gives them back one by one', () => {
  const shares = createShares(2)
  const leave = shares.take('a')
  shares.take('a')
  expect(() => shares.take('a')).toThrow(refusal)
  shares.take('b')
  leave()
  shares.take('a')
  expect(() => shares.take('a')).toThrow(refusal)
})

test('0 places are as many as anybody likes', () => {
  const shares = createShares(0)
  for (let index = 0; index < 1000; index++) shares.take('a')
})
