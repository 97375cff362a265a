import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createStallWatch } from '../../../src/media/ffmpeg/stall-watch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function start() {
  const onStall = vi.fn()
  return { watch: createStallWatch(1000, onStall), onStall }
}

test('a stall is called once, after the whole time without growth', () => {
  const { watch, onStall } = start()
  vi.advanceTimersByTime(900)
  watch.grew()
  vi.advanceTimersByTime(999)
  expect(onStall).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5000)
  expect(onStall).toHaveBeenCalledTimes(1)
})

test('time on hold does not count, and growth meanwhile does not end the hold', () => {
  const { watch, onStall } = start()
  watch.suspend()
  watch.grew()
  vi.advanceTimersByTime(60_000)
  expect(onStall).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
  watch.resume()
  vi.advanceTimersByTime(1001)
  expect(onStall).toHaveBeenCalledTimes(1)
})

test('growth that was already waiting when the time ran out counts', async () => {
  vi.useRealTimers()
  const onStall = vi.fn()
  const watch = createStallWatch(20, onStall)
  await new Promise((resolve) => setImmediate(resolve)) // so that timers come before the next immediate
  const until = performance.now() + 40
  while (performance.now() < until); // as if this process had been stopped
  // Like a report read from a pipe: after the timers, before the verdict.
  setImmediate(watch.grew)
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(onStall).not.toHaveBeenCalled()
  watch.suspend()
})
