import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Redis } from '../redis.ts'

const ackWithinMs = 1_000

/** `acked` is null once Redis answered, so that the next thousand holders wait for nothing. */
type Held = { holders: number; acked: Promise<unknown> | null }

/** Channels of one connection, each subscribed while somebody holds it. */
export function createSubscription(options: {
  subscriber: Redis
  onMessage: (channel: string, message: string) => void
  log: Log
}) {
  const { subscriber, onMessage, log } = options
  const held = new Map<string, Held>()
  subscriber.on('message', onMessage)

  function isUp(): boolean {
    return subscriber.status === 'ready'
  }

  /**
   * Resolves once Redis acknowledged the subscription, so that nothing published from then on is missed;
   * without Redis after a second: then it follows as soon as Redis is back.
   */
  async function hold(channel: string): Promise<void> {
    const known = held.get(channel)
    const entry: Held = known ?? { holders: 0, acked: subscribe(channel) }
    held.set(channel, entry)
    entry.holders += 1
    if (!entry.acked) return
    const giveUp = new AbortController()
    await Promise.race([
      entry.acked.then(() => {
        entry.acked = null
      }),
      sleep(ackWithinMs, undefined, { signal: giveUp.signal }).catch(() => {}),
    ])
    giveUp.abort()
  }

  function release(channel: string): void {
    const entry = held.get(channel)
    if (!entry) return
    entry.holders -= 1
    if (entry.holders > 0) return
    held.delete(channel)
    subscriber.unsubscribe(channel).catch(ignoreOutage)
  }

  function subscribe(channel: string): Promise<unknown> {
    return subscriber.subscribe(channel).catch(ignoreOutage)
  }

  /** Watchers live from the database then. */
  function ignoreOutage(error: unknown): void {
    log.debug({ err: messageOf(error) }, 'subscription failed')
  }

  return { hold, release, isUp }
}
