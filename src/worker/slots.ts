import { once } from 'node:events'

/** Counts running tasks against a fixed number of slots. */
export function createSlots(total: number) {
  let running = 0
  const changed = new EventTarget()

  return {
    running: () => running,
    /** Resolves when a slot is free, or the signal is aborted. */
    free: async (signal: AbortSignal): Promise<void> => {
      while (running >= total && !signal.aborted) {
        await once(changed, 'change', { signal }).catch(() => {})
      }
    },
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
