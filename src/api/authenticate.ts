import type { MiddlewareHandler } from 'hono'
import { StepladderError } from '../errors.ts'
import { accessOf } from './access.ts'
import type { ApiContext } from './context.ts'

/**
 * Puts the caller on each request (`callerOf`) and refuses what it may not. An address that does not exist
 * goes on, to be told so. Throws `unauthenticated` and `scope_missing`.
 */
export function authenticate({ identify }: Pick<ApiContext, 'identify'>): MiddlewareHandler {
  return async (c, next) => {
    const access = accessOf(c)
    if (!access || access.needs === 'nothing') return next()
    const { caller, link, expiresAt } = await identify(c, { byLink: access.link === true })
    c.set('caller', caller)
    c.set('link', link)
    c.set('expiresAt', expiresAt)
    if (access.needs !== 'key' && !caller.scopes.has(access.needs)) {
      throw new StepladderError('scope_missing', `this needs a key with the scope ${access.needs}`)
    }
    return next()
  }
}
