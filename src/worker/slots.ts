import { once } from 'node:events'

/** Counts running tasks against a fixed number of slots. */
export function createSlots(total: number) {
  let running = 0
  const changed = new EventTarget()

  async function until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    while (!condition() && !signal?.aborted) {
      await once(changed, 'change', signal ? { signal } : {}).catch(() => {})
    }
  }

  return {
    running: () => running,
    /** Resolves when a slot is free, or the signal is aborted. */
    free: (signal: AbortSignal) => until(() => running < total, signal),
    /** Resolves when nothing runs. */
    alone: () => until(() => running === 0),
    /** Takes a slot; the function returned gives it back. */
    take(): () => void {
      running++
      return () => {
        running--
        changed.dispatchEvent(new Event('change'))
      }
    },
  }
}
