import type { Taken } from './allowance.ts'
import type { Policy } from './policy.ts'

/** What is not used by then is lost to the client. */
const leaseMs = 1_000
const mostUnits = 50
/** So small a part of a quota that its loss, or its being held by another process, does not count. */
const share = 100

type Grant = { units: number; taken: Taken }
type Lease = { size: number; units: number; taken: Taken & { granted: true }; until: number }

/**
 * Takes units of a busy client several at a time, and hands them out here: a step of Redis for every request
 * would cost more than most of what is asked for. Units are taken before they are used, so that all processes
 * together never grant more than the quota. Whoever uses a lease up within its second gets twice as many the
 * next time, a hundredth of the quota at most; a small quota is taken one by one.
 */
export function createLeases(
  takeShared: (key: string, policy: Policy, wanted: number) => Promise<Grant>,
  mostKept: number,
  nowMs: () => number = () => performance.now(),
) {
  const leases = new Map<string, Lease>()
  const onTheWay = new Map<string, Promise<Taken>>()

  async function take(key: string, policy: Policy): Promise<Taken> {
    const most = Math.min(mostUnits, Math.floor(policy.quota / share))
    if (most <= 1) return (await takeShared(key, policy, 1)).taken
    for (;;) {
      const lease = leases.get(key)
      if (lease && lease.units > 0 && nowMs() < lease.until) return use(lease)
      const asked = onTheWay.get(key)
      if (!asked) return askOnce(key, policy, most)
      // It gives one unit to who asked, and may leave some for us.
      const taken = await asked
      if (!taken.granted) return taken
    }
  }

  function askOnce(key: string, policy: Policy, most: number): Promise<Taken> {
    const asked = ask(key, policy, most).finally(() => onTheWay.delete(key))
    onTheWay.set(key, asked)
    return asked
  }

  async function ask(key: string, policy: Policy, most: number): Promise<Taken> {
    const before = leases.get(key)
    const isBusy = before !== undefined && nowMs() < before.until
    const size = isBusy ? Math.min(most, before.size * 2) : 1
    const { units, taken } = await takeShared(key, policy, size)
    if (!taken.granted) return taken
    if (leases.size >= mostKept) leases.clear()
    const lease = { size, units, taken, until: nowMs() + leaseMs }
    leases.set(key, lease)
    return use(lease)
  }

  return { take }
}

function use(lease: Lease): Taken {
  lease.units -= 1
  return { ...lease.taken, left: lease.taken.left + lease.units }
}
