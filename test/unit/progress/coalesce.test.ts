import { expect, test } from 'vitest'
import { coalesce } from '../../../src/progress/coalesce.ts'

/** A run begins when `work` is called and ends when its entry is called. */
function controlled() {
  const ends: ((error?: Error) => void)[] = []
  const run = coalesce(
    () => new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve()))),
  )
  return { ends, run }
}

test('all who come during a run share the next one, which begins after they came', async () => {
  const { ends, run } = controlled()
  const first = run()
  const others = [run(), run(), run()]
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await first
  await Promise.resolve()
  await new Promise(setImmediate)
  expect(ends).toHaveLength(2)
  ends[1]?.()
  await Promise.all(others)
  void run()
  expect(ends).toHaveLength(3)
})

test('a run that fails fails for its own callers only', async () => {
  const { ends, run } = controlled()
  const first = run()
  const second = run()
  ends[0]?.(new Error('down'))
  await expect(first).rejects.toThrow('down')
  await new Promise(setImmediate)
  ends[1]?.()
  await expect(second).resolves.toBeUndefined()
})
