import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from '../caller.ts'
import { clientAddress } from '../client-address.ts'
import type { ApiContext } from '../context.ts'
import { TooMany } from '../too-many.ts'
import type { Taken } from './allowance.ts'
import { type Policy, policiesOf, policyNameOf } from './policy.ts'

/**
 * Counts requests by the caller's key, or by address for those without one, and refuses with 429
 * `rate_limited`. Tells what is left by `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-11). Stands behind what finds out who asks.
 */
export function limitRates({ config, limiter }: Pick<ApiContext, 'config' | 'limiter'>): MiddlewareHandler {
  const policies = policiesOf(config)
  const stated = new Map([...policies.values()].map((policy) => [policy.name, policyField(policy)]))

  return async (c, next) => {
    const name = policyNameOf(c)
    const policy = name && policies.get(name)
    if (!policy) return next()
    const taken = await limiter.take(whoAsks(c, config.TRUST_PROXY_HOPS), policy)
    c.header('RateLimit-Policy', stated.get(policy.name))
    c.header('RateLimit', limitField(policy, taken))
    if (!taken.granted) {
      const message = `this caller has made ${policy.quota} requests of the kind "${policy.name}" within ${policy.windowS} s`
      throw new TooMany('rate_limited', message, { retryAfterS: taken.waitS, policy: policy.name })
    }
    await next()
  }
}

/**
 * By what callers are told apart, where each has a share: the key, or the address of one without a key. Who
 * comes by a link that somebody has handed on takes nothing of that one's.
 */
export function whoAsks(c: Context, hops: number): string {
  const caller: Caller | undefined = c.get('caller')
  const isByLink = c.get('link') !== undefined
  return caller?.keyId && !isByLink ? `key:${caller.keyId}` : `address:${clientAddress(c, hops)}`
}

function policyField({ name, quota, windowS }: Policy): string {
  return `"${name}";q=${quota};w=${windowS}`
}

/** In a refusal `t` is what `Retry-After` says (§6). */
function limitField({ name }: Policy, taken: Taken): string {
  return taken.granted ? `"${name}";r=${taken.left};t=${taken.untilWholeS}` : `"${name}";r=0;t=${taken.waitS}`
}
