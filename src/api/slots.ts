import { once } from 'node:events'
import { StepladderError } from '../errors.ts'

/**
 * At most `slots` at a time; others wait their turn, `mostWaiting` of them at most and none longer than
 * `waitMs`.
 */
export function createSlots(options: { slots: number; mostWaiting: number; waitMs: number }) {
  const waiting: (() => void)[] = []
  let free = options.slots

  function release(): void {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }

  async function take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    if (waiting.length >= options.mostWaiting) throw busy()
    const { promise: mine, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(options.waitMs)])
    await Promise.race([mine, once(giveUp, 'abort')])
    const place = waiting.indexOf(resolve)
    // Not in the queue any more: the slot is ours, even where both came at once.
    if (place < 0) return
    waiting.splice(place, 1)
    signal.throwIfAborted()
    throw busy()
  }

  /** Throws `probe_busy` where no slot came free in time, and the signal's reason. */
  async function within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await take(signal)
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      release()
    }
  }

  return { within }
}

const busy = () => new StepladderError('probe_busy', 'too many sources are being looked at just now')
