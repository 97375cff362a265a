import { expect, test } from 'vitest'
import { createSlots } from '../../../src/api/slots.ts'

const never = new AbortController().signal
const busy = expect.objectContaining({ code: 'probe_busy' })

/** Work that goes on until it is told to end. */
function openWork() {
  const { promise, resolve } = Promise.withResolvers<string>()
  return { work: () => promise, end: () => resolve('done') }
}

test('so many run at once, and the next begins when one has ended', async () => {
  const slots = createSlots({ slots: 2, mostWaiting: 5, waitMs: 60_000 })
  const [first, second] = [openWork(), openWork()]
  const running = [slots.within(never, first.work), slots.within(never, second.work)]
  let begun = false
  const third = slots.within(never, async () => {
    begun = true
  })
  await Promise.resolve()
  expect(begun).toBe(false)
  first.end()
  await third
  expect(begun).toBe(true)
  second.end()
  expect(await Promise.all(running)).toEqual(['done', 'done'])
})

test('who waits too long is told so, and its place goes to nobody', async () => {
  const slots = createSlots({ slots: 1, mostWaiting: 5, waitMs: 5 })
  const held = openWork()
  const running = slots.within(never, held.work)
  await expect(slots.within(never, async () => 'late')).rejects.toEqual(busy)
  held.end()
  await running
  expect(await slots.within(never, async () => 'next')).toBe('next')
})

test('beyond the queue everybody is told at once', async () => {
  const slots = createSlots({ slots: 1, mostWaiting: 1, waitMs: 60_000 })
  const held = openWork()
  const running = slots.within(never, held.work)
  const waiting = slots.within(never, async () => 'second')
  await expect(slots.within(never, async () => 'third')).rejects.toEqual(busy)
  held.end()
  expect(await Promise.all([running, waiting])).toEqual(['done', 'second'])
})

test('who goes away while waiting begins nothing and frees its place', async () => {
  const slots = createSlots({ slots: 1, mostWaiting: 1, waitMs: 60_000 })
  const held = openWork()
  const running = slots.within(never, held.work)
  const gone = new AbortController()
  const left = slots.within(gone.signal, async () => 'never')
  gone.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await expect(slots.within(gone.signal, async () => 'never')).rejects.toThrow('gone')
  const next = slots.within(never, async () => 'next')
  held.end()
  expect(await Promise.all([running, next])).toEqual(['done', 'next'])
})

test('a slot that comes free in the moment in which its owner goes away is free for the next', async () => {
  const slots = createSlots({ slots: 1, mostWaiting: 1, waitMs: 60_000 })
  const held = openWork()
  const running = slots.within(never, held.work)
  const gone = new AbortController()
  const left = slots.within(gone.signal, async () => 'never')
  held.end()
  await running
  gone.abort(new Error('gone'))
  await left.catch(() => {})
  expect(await slots.within(never, async () => 'next')).toBe('next')
})

test('work that fails frees its slot too', async () => {
  const slots = createSlots({ slots: 1, mostWaiting: 0, waitMs: 60_000 })
  await expect(slots.within(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await slots.within(never, async () => 'next')).toBe('next')
})
