import type { Context } from 'hono'
import { defaultOwner, type Scope, scopes } from '../auth/scopes.ts'

/** Who asks. `keyId` null: there are no keys, and everybody may do everything. */
export type Caller = { keyId: string | null; owner: string; scopes: ReadonlySet<Scope> }

declare module 'hono' {
  interface ContextVariableMap {
    caller: Caller | undefined
    /** The token of a link by which the caller came, who may then see that one video alone. */
    link: string | undefined
    /** When the session or the link is over by which the caller came. */
    expiresAt: Date | undefined
  }
}

export const anonymous: Caller = { keyId: null, owner: defaultOwner, scopes: new Set(scopes) }

/** Who asks; every route has one that is not open to all (`openapi/operation.ts`). */
export function callerOf(c: Context): Caller {
  const caller = c.get('caller')
  if (!caller) throw new Error('this route is open to all, so that nobody looked who asks')
  return caller
}

/** Whose rows the caller may see and change. */
export function ownerOf(c: Context): string {
  return callerOf(c).owner
}
