import { createHash } from 'node:crypto'
import { type Database, type Query, type Transaction, transaction } from '../db.ts'

/** Below its cap by more than this an owner is not counted with each request. */
const margin = 500
/** So old may a count be then; all processes together make fewer than `margin` in that time. */
const freshMs = 200
const mostOwners = 10_000

type Seen = { at: number; count: Promise<number>; since: number }
export type Room = ReturnType<typeof createRoom>

/**
 * How many of something an owner may have, `cap` 0 for as many as it likes. Near the cap the owner's requests
 * go one at a time, behind a lock that counts anew, so that of two for the last place exactly one gets it.
 * Far below it nobody waits: a lock each time would let one commit through after another, and a count
 * each time would read the whole queue for every job. `count` may stop at the cap.
 */
export function createRoom(options: {
  sql: Database
  name: string
  cap: number
  count: (query: Query, owner: string) => Promise<number>
  refusal: (count: number) => Error
}) {
  const { sql, name, cap, count, refusal } = options
  const seen = new Map<string, Seen>()

  /** Whether the owner is to be counted behind the lock. Asked before a transaction holds a connection. */
  async function isTight(owner: string): Promise<boolean> {
    if (cap === 0) return false
    if (cap <= margin) return true
    const look = lookAt(owner)
    look.since += 1
    return (await look.count) + look.since > cap - margin
  }

  function lookAt(owner: string): Seen {
    const earlier = seen.get(owner)
    if (earlier && performance.now() - earlier.at < freshMs) return earlier
    if (seen.size >= mostOwners) seen.clear()
    const look = { at: performance.now(), count: count(sql, owner), since: 0 }
    // One that failed is asked for again; who waits for it is told all the same.
    look.count.catch(() => seen.delete(owner))
    seen.set(owner, look)
    return look
  }

  /** Runs `make` in a transaction, where there is room for one more until it commits. Throws `refusal`. */
  async function claim<T>(query: Query, owner: string, make: (query: Query) => Promise<T>): Promise<T> {
    if ('begin' in query) return transaction(query, (tx) => claim(tx, owner, make))
    await lockOwner(query, name, owner)
    // A statement of its own behind the lock: the lock's snapshot may be older than the other's commit.
    const found = await count(query, owner)
    if (found >= cap) throw refusal(found)
    return make(query)
  }

  /** Refuses an owner that has all it may have, without a lock: for what adds little and rarely. */
  async function check(owner: string): Promise<void> {
    if (cap === 0) return
    const found = await count(sql, owner)
    if (found >= cap) throw refusal(found)
  }

  return { isTight, claim, check }
}

/** Held by the transaction. Locks of two numbers are shared with idempotency keys, whose digests differ. */
async function lockOwner(tx: Transaction, name: string, owner: string): Promise<void> {
  const digest = createHash('sha256')
    .update(JSON.stringify(['room', name, owner, '']))
    .digest()
  await tx`select pg_advisory_xact_lock(${digest.readInt32BE(0)}::integer, ${digest.readInt32BE(4)}::integer)`
}
