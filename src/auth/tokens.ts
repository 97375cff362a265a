import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** `session`: a browser that was signed in. `watch`: a link to one video, for players and event streams. */
export type Session = { keyId: string; expiresAt: Date }
export type Watch = { keyId: string; videoId: string; expiresAt: Date }

export type Tokens = ReturnType<typeof createTokens>

const algorithm = 'HS256'
const hourS = 3_600
const sessionSchema = z.object({ sub: z.string(), exp: z.number() })
const watchSchema = z.object({ key: z.string(), sub: z.uuid(), exp: z.number() })

/**
 * Signed tokens (JWT, RFC 7519) that stand for a key: who gets one may do a part of what its key may, for
 * a time, and nothing once the key ends. They are told apart by their audience; nothing is stored of them.
 */
export function createTokens(options: {
  secret: () => Promise<Uint8Array>
  sessionS: number
  linkS: number
}) {
  const { secret, sessionS, linkS } = options

  async function sign(audience: string, claims: { sub: string; key?: string; exp: number }): Promise<string> {
    const { sub, exp, ...rest } = claims
    return new SignJWT(rest)
      .setProtectedHeader({ alg: algorithm })
      .setAudience(audience)
      .setSubject(sub)
      .setExpirationTime(exp)
      .sign(await secret())
  }

  /** Null for a token that is not ours, was made for something else, or ran out. */
  async function read<T>(audience: string, token: string, schema: z.ZodType<T>): Promise<T | null> {
    const key = await secret()
    try {
      const { payload } = await jwtVerify(token, key, {
        audience,
        algorithms: [algorithm],
        requiredClaims: ['sub', 'exp'],
      })
      return schema.parse(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null
      throw error
    }
  }

  return {
    async signSession(keyId: string, now = Date.now()): Promise<{ token: string; expiresAt: Date }> {
      const exp = Math.floor(now / 1000) + sessionS
      return { token: await sign('session', { sub: keyId, exp }), expiresAt: new Date(exp * 1000) }
    },
    async readSession(token: string): Promise<Session | null> {
      const claims = await read('session', token, sessionSchema)
      return claims && { keyId: claims.sub, expiresAt: new Date(claims.exp * 1000) }
    },
    /** The same text for an hour, so that caches and players see one address; it holds `linkS` to an hour more. */
    signWatch({ keyId, videoId }: Omit<Watch, 'expiresAt'>, now = Date.now()): Promise<string> {
      const exp = (Math.floor(now / 1000 / hourS) + 1) * hourS + linkS
      return sign('watch', { sub: videoId, key: keyId, exp })
    },
    async readWatch(token: string): Promise<Watch | null> {
      const claims = await read('watch', token, watchSchema)
      if (!claims) return null
      return { keyId: claims.key, videoId: claims.sub, expiresAt: new Date(claims.exp * 1000) }
    },
  }
}
