import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Redis, RedisNames } from '../../redis.ts'
import { createLocalAllowances, intervalUs, type Taken, takenOf } from './allowance.ts'
import { createLeases } from './leases.ts'
import type { Policy } from './policy.ts'

const script = readFileSync(new URL('take.lua', import.meta.url), 'utf8')
const sha = createHash('sha1').update(script).digest('hex')

/** After an outage Redis is asked again this much later; until then nobody waits for it. */
const awayMs = 1_000
const mostRemembered = 10_000

export type Limiter = ReturnType<typeof createLimiter>

/**
 * Takes units of an allowance that all API processes share: one key of Redis for each client and policy, one
 * step of the server for each request, or for some of a busy client (`leases.ts`). While Redis is away, or refuses, each process counts by itself: what it held is lost
 * then, so that a client may have its quota once for each process, but no more. To refuse instead would make
 * Redis the one neighbour whose absence stops everything; to count nothing would open the database to
 * whoever takes Redis down.
 */
export function createLimiter({ redis, names, log }: { redis: Redis; names: RedisNames; log: Log }) {
  const leases = createLeases(takeShared, mostRemembered)
  const takeLocally = createLocalAllowances(mostRemembered)
  const refusedUntil = new Map<string, number>()
  let awayUntil = 0

  async function take(who: string, policy: Policy): Promise<Taken> {
    const key = names.rateKey(policy.name, who)
    const now = Date.now()
    const until = refusedUntil.get(key) ?? 0
    // It can only become later: a client that does not stop costs no step of Redis.
    if (until > now) return { granted: false, waitS: Math.ceil((until - now) / 1000) }
    if (now < awayUntil) return takeLocally(key, policy)
    try {
      const taken = await leases.take(key, policy)
      if (!taken.granted) remember(key, now + taken.waitS * 1000)
      else if (until > 0) refusedUntil.delete(key)
      return taken
    } catch (error) {
      if (awayUntil < now - awayMs)
        log.warn({ err: messageOf(error) }, 'rates are counted by this process alone')
      awayUntil = Date.now() + awayMs
      return takeLocally(key, policy)
    }
  }

  async function takeShared(key: string, policy: Policy, wanted: number) {
    const values = [key, intervalUs(policy), policy.quota, wanted]
    const reply = await redis.evalsha(sha, 1, ...values).catch((error: unknown) => {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT'))
        return redis.eval(script, 1, ...values)
      throw error
    })
    const [units = 0, left = 0, us = 0] = Array.isArray(reply) ? reply.map(Number) : []
    return { units, taken: takenOf(units, left, us) }
  }

  function remember(key: string, until: number): void {
    if (refusedUntil.size >= mostRemembered) refusedUntil.clear()
    refusedUntil.set(key, until)
  }

  return { take }
}
