import type { Context } from 'hono'
import type { Tokens } from '../auth/tokens.ts'
import { callerOf } from './caller.ts'

/** Of a picture for the seek bar: players build its address by themselves, without a query. */
const inName = /(\/sprites\/\d{1,4})~([\w.-]+)(?=\.jpg$)/

/** The token in an address, null for none. */
export function linkIn(c: Context): string | null {
  return c.req.query('token') ?? inName.exec(c.req.path)?.[2] ?? null
}

/** The video that an address is about, as its id is spelt there. */
export function linkedVideo(c: Context): string | null {
  return /^\/(?:videos|progress)\/([^/]+)/.exec(c.req.path)?.[1]?.toLowerCase() ?? null
}

/** A path as a log may have it. */
export function withoutToken(path: string): string {
  return path.replace(inName, '$1')
}

/**
 * The token that an address of this video is to carry for players, which send no header: that of the link by
 * which the caller came, which so lasts no longer, or one for who may read. Null where none is needed.
 */
export async function tokenFor(c: Context, tokens: Tokens, videoId: string): Promise<string | null> {
  const link = c.get('link')
  if (link !== undefined) return link
  const { keyId, scopes } = callerOf(c)
  return keyId !== null && scopes.has('read') ? tokens.signWatch({ keyId, videoId }) : null
}

/** The token that came with the request, for the addresses within what is answered; null for none. */
export function handedOn(c: Context): string | null {
  return c.get('link') ?? null
}

/** An address with the token, if any. */
export function withToken(address: string, token: string | null): string {
  if (token === null) return address
  return `${address}${address.includes('?') ? '&' : '?'}token=${token}`
}
