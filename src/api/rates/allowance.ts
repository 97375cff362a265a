import type { Policy } from './policy.ts'

/** `untilWholeS`: until all units are back. Without a unit `waitS` tells when to come again. */
export type Taken = { granted: true; left: number; untilWholeS: number } | { granted: false; waitS: number }

/** What `take.lua` does, for one process that has to do without Redis. At most `most` clients are remembered. */
export function createLocalAllowances(most: number, nowUs: () => number = microseconds) {
  const wholeAt = new Map<string, number>()

  return function take(key: string, policy: Policy): Taken {
    const now = nowUs()
    const interval = intervalUs(policy)
    const window = interval * policy.quota
    const whole = Math.max(wholeAt.get(key) ?? now, now)
    const missing = whole + interval - now - window
    if (missing > 0) return { granted: false, waitS: seconds(missing) }
    // A new client for the one that asked first: whoever is forgotten begins with a whole allowance.
    const [first] = wholeAt.keys()
    if (wholeAt.size >= most && first !== undefined) wholeAt.delete(first)
    wholeAt.set(key, whole + interval)
    return takenOf(1, Math.floor((now + window - whole - interval) / interval), whole + interval - now)
  }
}

export const intervalUs = ({ quota, windowS }: Policy): number => Math.ceil((windowS * 1_000_000) / quota)

/** From the three numbers that `take.lua` returns. */
export function takenOf(granted: number, left: number, us: number): Taken {
  return granted > 0
    ? { granted: true, left, untilWholeS: seconds(us) }
    : { granted: false, waitS: seconds(us) }
}

const seconds = (us: number): number => Math.ceil(us / 1_000_000)
const microseconds = (): number => Math.floor(performance.now() * 1000)
