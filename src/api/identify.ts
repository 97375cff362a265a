import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { ApiKey } from '../auth/api-keys.ts'
import { readKeyText } from '../auth/key-text.ts'
import type { KnownKeys } from '../auth/known-keys.ts'
import { isLoopback, type OpenMode } from '../auth/open-mode.ts'
import type { Tokens } from '../auth/tokens.ts'
import { StepladderError } from '../errors.ts'
import { anonymous, type Caller } from './caller.ts'
import { linkedVideo, linkIn } from './link-token.ts'
import { sessionCookie } from './session-cookie.ts'

type Identity = { caller: Caller; link?: string; expiresAt?: Date }
export type Identify = (c: Context, options: { byLink: boolean }) => Promise<Identity>

/**
 * Who asks: by a key in `Authorization`, which alone counts where it is given; else by the token of a link,
 * where the route takes one; else by the cookie of a session. Throws `unauthenticated`.
 */
export function createIdentify(parts: { keys: KnownKeys; openMode: OpenMode; tokens: Tokens }): Identify {
  const { keys, openMode, tokens } = parts

  async function byKey(header: string): Promise<Identity> {
    const [, text = ''] = /^Bearer +(\S+) *$/i.exec(header) ?? []
    const given = readKeyText(text)
    const key = given && (await keys.prove(given))
    if (!key) throw unauthenticated('there is no such key, or it was revoked, or its time is over')
    return { caller: callerBy(key) }
  }

  async function byLink(c: Context): Promise<Identity | null> {
    const token = linkIn(c)
    const watch = token === null ? null : await tokens.readWatch(token)
    if (token === null || watch?.videoId !== linkedVideo(c)) return null
    const key = await keys.find(watch.keyId)
    if (!key?.scopes.includes('read')) return null
    return {
      caller: { ...callerBy(key), scopes: new Set(['read']) },
      link: token,
      expiresAt: watch.expiresAt,
    }
  }

  async function bySession(c: Context): Promise<Identity | null> {
    const cookie = getCookie(c, sessionCookie)
    const session = cookie ? await tokens.readSession(cookie) : null
    const key = session && (await keys.find(session.keyId))
    return key && { caller: callerBy(key), expiresAt: session.expiresAt }
  }

  return async (c, options) => {
    if (await openMode.isOpen()) return { caller: anonymousAt(c) }
    const header = c.req.header('authorization')
    if (header !== undefined) return byKey(header)
    const found = (options.byLink ? await byLink(c) : null) ?? (await bySession(c))
    if (found) return found
    throw unauthenticated('this needs a key: send `Authorization: Bearer <key>`')
  }
}

/**
 * Who asks while there are no keys. A name server can lead the browser of somebody at this machine to 127.0.0.1
 * under a name of its own (DNS rebinding), and a proxy here can lead the world to it: neither asks for a name
 * of this machine. Throws `unauthenticated`.
 */
export function anonymousAt(c: Context): Caller {
  const { hostname } = new URL(c.req.url)
  if (isLoopback(hostname.replace(/^\[|\]$/g, ''))) return anonymous
  throw unauthenticated(
    `without keys nobody is answered who asks for ${hostname} instead of localhost: make a key`,
  )
}

export function unauthenticated(sentence: string): StepladderError {
  return new StepladderError('unauthenticated', sentence)
}

export function isUnauthenticated(error: unknown): error is StepladderError {
  return error instanceof StepladderError && error.code === 'unauthenticated'
}

export function callerBy({ id, owner, scopes }: ApiKey): Caller {
  return { keyId: id, owner, scopes: new Set(scopes) }
}
