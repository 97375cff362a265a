import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashOf, isSecretOf, makeKeyText, readKeyText } from '../../../src/auth/key-text.ts'
import { createTokens } from '../../../src/auth/tokens.ts'

const secret = new TextEncoder().encode('a secret of thirty-two letters or more')
const tokens = createTokens({ secret: async () => secret, sessionS: 60, linkS: 3 * 3_600 })
const videoId = '0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e'
const keyId = '0123456789abcdef'
const hourMs = 3_600_000

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** A JWT as anybody could write it. */
function forged(header: object, claims: object, key: Uint8Array | null = secret): string {
  const body = `${part(header)}.${part(claims)}`
  return `${body}.${key === null ? '' : createHmac('sha256', key).update(body).digest('base64url')}`
}
const inAnHour = Math.floor(Date.now() / 1000) + 3_600
const claims = { aud: 'watch', sub: videoId, key: keyId, exp: inAnHour }

describe('a link', () => {
  test('tells its video and its key', async () => {
    expect(await tokens.readWatch(await tokens.signWatch({ keyId, videoId }))).toMatchObject({
      keyId,
      videoId,
    })
    // The forger of this file knows how they are made.
    expect(await tokens.readWatch(forged({ alg: 'HS256' }, claims))).toEqual({
      ...{ keyId, videoId },
      expiresAt: new Date(inAnHour * 1000),
    })
  })

  test('is the same text within an hour, and holds three to four', async () => {
    const hour = Math.floor(Date.now() / hourMs) * hourMs
    const [first, last, next] = await Promise.all(
      [hour, hour + hourMs - 1, hour + hourMs].map((now) => tokens.signWatch({ keyId, videoId }, now)),
    )
    expect(last).toBe(first)
    expect(next).not.toBe(first)
    const at = (hours: number) => tokens.signWatch({ keyId, videoId }, Date.now() - hours * hourMs)
    expect(await tokens.readWatch(await at(3))).not.toBeNull()
    expect(await tokens.readWatch(await at(4))).toBeNull()
  })

  test.each([
    ['with another secret', forged({ alg: 'HS256' }, claims, Buffer.from('x'.repeat(40)))],
    ['with no signature', forged({ alg: 'none' }, claims, null)],
    ['with alg none and a signature', forged({ alg: 'none' }, claims)],
    ['with another algorithm', forged({ alg: 'HS512' }, claims)],
    ['that ran out', forged({ alg: 'HS256' }, { ...claims, exp: inAnHour - 7_200 })],
    ['that never runs out', forged({ alg: 'HS256' }, { ...claims, exp: undefined })],
    ['for something else', forged({ alg: 'HS256' }, { ...claims, aud: 'session' })],
    ['for nothing', forged({ alg: 'HS256' }, { ...claims, aud: undefined })],
    ['of no video', forged({ alg: 'HS256' }, { ...claims, sub: 'x' })],
    ['of no key', forged({ alg: 'HS256' }, { ...claims, key: undefined })],
    ['that is no token', 'nonsense'],
    ['that is empty', ''],
    ['that is long', 'a.'.repeat(50_000)],
  ])('%s is none', async (_, token) => {
    expect(await tokens.readWatch(token)).toBeNull()
  })

  // But for the last one, some bits of which mean nothing.
  test('with one changed character is none', async () => {
    const token = await tokens.signWatch({ keyId, videoId })
    for (let at = 0; at < token.length - 1; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A'
      expect(await tokens.readWatch(token.slice(0, at) + other + token.slice(at + 1))).toBeNull()
    }
  })

  test('is no session, and a session no link', async () => {
    expect(await tokens.readSession(await tokens.signWatch({ keyId, videoId }))).toBeNull()
    expect(await tokens.readWatch((await tokens.signSession(keyId)).token)).toBeNull()
  })
})

describe('a session', () => {
  test('tells its key and its end', async () => {
    const { token, expiresAt } = await tokens.signSession(keyId)
    expect(await tokens.readSession(token)).toEqual({ keyId, expiresAt })
  })

  test('ends', async () => {
    const { token } = await tokens.signSession(keyId, Date.now() - 61_000)
    expect(await tokens.readSession(token)).toBeNull()
  })
})

describe('a key', () => {
  test('has 256 bits of secret, of which the hash is kept', () => {
    const { id, secret: own } = makeKeyText()
    expect(Buffer.from(own, 'base64url')).toHaveLength(32)
    expect(readKeyText(`${id}.${own}`)).toEqual({ id, secret: own })
    expect(isSecretOf(hashOf(own), own)).toBe(true)
    expect(isSecretOf(hashOf(own), makeKeyText().secret)).toBe(false)
    expect(isSecretOf(Buffer.alloc(0), own)).toBe(false)
  })

  test.each([
    '',
    '.',
    'a.b',
    `${'0'.repeat(16)}.${'A'.repeat(42)}`,
    `${'0'.repeat(16)}.${'A'.repeat(43)}=`,
    'x'.repeat(1e6),
  ])('is not %.20s', (text) => {
    expect(readKeyText(text)).toBeNull()
  })
})
