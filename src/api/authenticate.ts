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
    if (!access || access.scope === null) return next()
    const { caller, link, expiresAt } = await identify(c, { byLink: access.link === true })
    c.set('caller', caller)
    c.set('link', link)
    c.set('expiresAt', expiresAt)
    if (access.scope !== 'any' && !caller.scopes.has(access.scope)) {
      throw new StepladderError('scope_missing', `this needs a key with the scope ${access.scope}`)
    }
    return next()
  }
}
