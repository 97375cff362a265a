import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseOutage } from '../db.ts'
import { messageOf, StepladderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { isRedisOutage } from '../redis.ts'

/** What work cannot do without. `scratch` is the room on the worker's own disk. */
export type Need = 'database' | 'redis' | 'storage' | 'scratch'
/** Resolves when the need is met again, and throws while it is not. */
export type Probe = () => Promise<unknown>
export type Breakers = ReturnType<typeof createBreakers>

const firstPauseMs = 500
const longestPauseMs = 5_000
/** One that opens again so soon was closed by a probe that cannot see what is wrong: the pause goes on growing. */
const calmMs = 30_000

/**
 * One breaker a need. Evidence opens it (`report`), the first probe that succeeds closes it, and while one
 * is open nothing new is begun: whoever took a task now could only hold it, while another might do it.
 * What runs goes on and holds. `onChange` is told after each change; the log has one line for each.
 */
export function createBreakers(options: {
  probes: Partial<Record<Need, Probe>>
  log: Log
  stopped: AbortSignal
  onChange?: () => void
}) {
  const { probes, log, stopped } = options
  const open = new Set<Need>()
  const failures = new Map<Need, { tries: number; closedAt: number }>()
  const changes = new EventTarget()

  /** An error seen anywhere: opens the breaker of the need that it shows to be unmet, if any. */
  function report(error: unknown): void {
    const need = needBehind(error)
    if (need) miss(need, error)
  }

  function miss(need: Need, error: unknown): void {
    const probe = probes[need]
    if (!probe || open.has(need) || stopped.aborted) return
    open.add(need)
    log.warn({ need, err: messageOf(error) }, 'a need is not met: nothing new is begun')
    changed()
    void heal(need, probe)
  }

  async function heal(need: Need, probe: Probe): Promise<void> {
    const past = failures.get(need)
    let tries = past && Date.now() - past.closedAt < calmMs ? past.tries : 0
    do {
      const pauseMs = Math.min(firstPauseMs * 2 ** tries++, longestPauseMs)
      await sleep(pauseMs, undefined, { signal: stopped, ref: false }).catch(() => {})
      if (stopped.aborted) return
    } while (!(await succeeds(probe)))
    failures.set(need, { tries, closedAt: Date.now() })
    open.delete(need)
    log.info({ need }, 'a need is met again')
    changed()
  }

  function changed(): void {
    options.onChange?.()
    changes.dispatchEvent(new Event('change'))
  }

  /** Resolves when nothing is missing, or the signal is aborted. */
  async function allClosed(signal: AbortSignal): Promise<void> {
    while (open.size > 0 && !signal.aborted) await once(changes, 'change', { signal }).catch(() => {})
  }

  /** What is missing now, in alphabetical order. */
  const missing = (): Need[] => [...open].sort()

  return { report, miss, allClosed, missing }
}

async function succeeds(probe: Probe): Promise<boolean> {
  return probe().then(
    () => true,
    () => false,
  )
}

function needBehind(error: unknown): Need | null {
  if (error instanceof StepladderError) return needOfCode[error.code] ?? null
  if (isRedisOutage(error)) return 'redis'
  return isDatabaseOutage(error) ? 'database' : null
}

const needOfCode: Record<string, Need> = {
  storage_unavailable: 'storage',
  database_unavailable: 'database',
  out_of_disk: 'scratch',
}
