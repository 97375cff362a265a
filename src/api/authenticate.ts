import type { Context, MiddlewareHandler } from 'hono'
import { StepladderError } from '../errors.ts'
import { type Access, accessOf } from './access.ts'
import type { ApiContext } from './context.ts'
import { isUnauthenticated } from './identify.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Why the caller gets nothing, once its request was counted. */
    refusal: StepladderError | undefined
  }
}

/**
 * Puts the caller on each request (`callerOf`), or why it gets nothing: `unauthenticated`, `scope_missing`. Whoever
 * is refused is counted first, so that nobody tries keys without end (`refuse`). An address that does not exist
 * goes on, to be told so.
 */
export function authenticate({ identify }: Pick<ApiContext, 'identify'>): MiddlewareHandler {
  return async (c, next) => {
    const access = accessOf(c)
    if (access && access.scope !== null) c.set('refusal', await refusalOf(c, access))
    await next()
  }

  async function refusalOf(c: Context, access: Access): Promise<StepladderError | undefined> {
    try {
      const { caller, link, expiresAt } = await identify(c, { byLink: access.link === true })
      c.set('caller', caller)
      c.set('link', link)
      c.set('expiresAt', expiresAt)
      if (access.scope === null || access.scope === 'any' || caller.scopes.has(access.scope)) return undefined
      return new StepladderError('scope_missing', `this needs a key with the scope ${access.scope}`)
    } catch (error) {
      if (isUnauthenticated(error)) return error
      throw error
    }
  }
}

/** Behind the count of requests. */
export const refuse: MiddlewareHandler = async (c, next) => {
  const refusal = c.get('refusal')
  if (refusal) throw refusal
  await next()
}
