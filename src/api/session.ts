import { type Context, Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { readKeyText } from '../auth/key-text.ts'
import type { Caller } from './caller.ts'
import type { ApiContext } from './context.ts'
import { anonymousAt, callerBy, isUnauthenticated, unauthenticated } from './identify.ts'
import { parseFields, readJson, readNoBody } from './request-body.ts'
import { sessionCookie } from './session-cookie.ts'

/** Body of `POST /session`. */
export const signInSchema = z.strictObject({
  key: z.string().max(200).describe('the whole key, as it was shown when it was made'),
})
const noFields = z.strictObject({})

/** `/session`: a browser gives its key once and gets a cookie that no script can read, for some hours. */
export function sessionRoutes(context: Pick<ApiContext, 'keys' | 'tokens' | 'identify' | 'openMode'>): Hono {
  const { keys, tokens, identify, openMode } = context

  return new Hono()
    .get('/session', async (c) => {
      try {
        const { caller, expiresAt } = await identify(c, { byLink: false })
        return shown(c, caller, expiresAt ?? null)
      } catch (error) {
        if (!isUnauthenticated(error)) throw error
        // No 401, which browsers tell as an error: the page asks this to find out.
        return shown(c, null, null)
      }
    })
    .post('/session', async (c) => {
      const { key: text } = parseFields(await readJson(c), signInSchema)
      if (await openMode.isOpen()) return shown(c, anonymousAt(c), null)
      const given = readKeyText(text.trim())
      const key = given && (await keys.prove(given))
      if (!key) throw unauthenticated('there is no such key, or it was revoked, or its time is over')
      const { token, expiresAt } = await tokens.signSession(key.id)
      setCookie(c, sessionCookie, token, { ...cookieOf(c), expires: expiresAt })
      return shown(c, callerBy(key), expiresAt)
    })
    .delete('/session', async (c) => {
      await readNoBody(c, noFields)
      deleteCookie(c, sessionCookie, cookieOf(c))
      return c.body(null, 204)
    })
}

/** No scopes and no owner: who asks is not signed in. Without a key id but with an owner: there are no keys. */
function shown(c: Context, caller: Caller | null, expiresAt: Date | null): Response {
  return c.json({
    key_id: caller?.keyId ?? null,
    owner: caller?.owner ?? null,
    scopes: [...(caller?.scopes ?? [])],
    expires_at: expiresAt,
  })
}

/**
 * Behind a proxy that speaks TLS the request itself is plain, and the proxy says so. Believed from anybody, unlike
 * in `cameByTls`: it makes the cookie stricter, whatever `TRUST_PROXY_HOPS` is.
 */
function cookieOf(c: Context) {
  const isSecure = c.req.header('x-forwarded-proto') === 'https' || c.req.url.startsWith('https:')
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: isSecure } as const
}
