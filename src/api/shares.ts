import { TooMany } from './too-many.ts'

export type Shares = ReturnType<typeof createShares>

/** So many event streams at once for each caller in this process; 0 for as many as it likes. */
export function createShares(most: number) {
  const held = new Map<string, number>()

  /** Takes a place and returns what gives it back. Throws `too_many_event_streams`. */
  function take(who: string): () => void {
    const own = held.get(who) ?? 0
    if (most > 0 && own >= most) {
      throw new TooMany('too_many_event_streams', `this caller has ${most} event streams open already`, {
        retryAfterS: 10,
      })
    }
    held.set(who, own + 1)
    return () => {
      const left = (held.get(who) ?? 1) - 1
      if (left > 0) held.set(who, left)
      else held.delete(who)
    }
  }

  return { take }
}
