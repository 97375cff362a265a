import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, type PoolOptions } from './db-pool.ts'

const beatMs = 2_000
const stepMs = 500
/** A server that answers nothing for so long is as good as gone. Less than the time a connection may take to open. */
const patienceMs = 4_000

/**
 * Asks the database every other second, on a connection of its own, whether it answers. `onBeat` gets
 * the time since the last one; `onChange` is called when the database went away and when it is back.
 * Keeps no process alive by its timers.
 */
export function startPulse(
  options: Omit<PoolOptions, 'max'>,
  { onBeat, onChange }: { onBeat: (passedMs: number) => void; onChange: (answers: boolean) => void },
): { stop: () => Promise<void> } {
  const pool = createPool({ ...options, max: 1 })
  const stopped = new AbortController()
  let answers = true

  /** Counted in steps and not by the clock, or a process that was paused would take its own pause for silence. */
  async function isSilent(answered: AbortSignal): Promise<'silent'> {
    for (let waited = 0; waited < patienceMs; waited += stepMs) {
      await sleep(stepMs, undefined, { signal: answered, ref: false })
    }
    return 'silent'
  }

  async function ask(): Promise<'answered' | 'refused' | 'silent'> {
    const over = new AbortController()
    const silence = isSilent(over.signal)
    silence.catch(() => {})
    const answer = pool.sql`select 1`.then(
      () => 'answered' as const,
      () => 'refused' as const,
    )
    const heard = await Promise.race([answer, silence])
    over.abort()
    if (heard === 'silent') pool.cutAll()
    return heard
  }

  async function beat(): Promise<void> {
    while (!stopped.signal.aborted) {
      let heard = await ask()
      // Its own connection alone may have been cut.
      if (heard === 'refused' && answers) heard = await ask()
      if (stopped.signal.aborted) return
      if (answers !== (heard === 'answered')) {
        answers = heard === 'answered'
        onChange(answers)
      }
      await sleep(answers ? beatMs : stepMs, undefined, { signal: stopped.signal, ref: false }).catch(
        () => {},
      )
      onBeat(beatMs)
    }
  }

  void beat()
  return {
    stop: async () => {
      stopped.abort()
      await pool.end(0)
    },
  }
}
