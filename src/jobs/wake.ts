import type { Database } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

/** Who listens: the dispatcher and the courier. Both also look by themselves every second. */
export type WakeChannel = 'stepladder_dispatch' | 'stepladder_fetch'
export type Waker = ReturnType<typeof createWaker>

/**
 * Wakes a listener by NOTIFY, outside of any transaction (inside, it would serialise all commits), with
 * at most one in flight per channel: what is asked for meanwhile becomes one more. A lost one costs a
 * second.
 */
export function createWaker(sql: Database, log: Log) {
  const inFlight = new Map<WakeChannel, { again: boolean }>()

  async function send(channel: WakeChannel): Promise<void> {
    const turn = { again: true }
    inFlight.set(channel, turn)
    try {
      while (turn.again) {
        turn.again = false
        await sql`select pg_notify(${channel}, '')`
      }
    } catch (error) {
      log.debug({ channel, err: messageOf(error) }, 'could not wake a listener')
    } finally {
      inFlight.delete(channel)
    }
  }

  return function wake(channel: WakeChannel): void {
    const turn = inFlight.get(channel)
    if (turn) turn.again = true
    else void send(channel)
  }
}
