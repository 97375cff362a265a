import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { coalesce } from './coalesce.ts'

/**
 * Runs `sweep` every `resyncMs`, every `pollMs` while messages do not come (`isUp` false), and once more
 * when they do again, for what was published meanwhile. A sweep that fails is told once in the log.
 */
export function createSweeper(options: {
  sweep: () => Promise<void>
  isUp: () => boolean
  pollMs: number
  resyncMs: number
  log: Log
}) {
  const { isUp, pollMs, resyncMs, log } = options
  const run = coalesce(options.sweep)
  const timer = setInterval(() => void runWhenDue(), pollMs)
  let dueAt = 0
  let failed = false

  async function runWhenDue(): Promise<void> {
    const up = isUp()
    if (up && Date.now() < dueAt) return
    dueAt = up ? Date.now() + resyncMs : 0
    try {
      await run()
      failed = false
    } catch (error) {
      if (!failed) log.warn({ err: messageOf(error) }, 'could not read the progress that is watched')
      failed = true
    }
  }

  function makeDue(): void {
    dueAt = 0
  }

  return { stop: () => clearInterval(timer), makeDue }
}
