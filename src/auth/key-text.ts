import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A key as its holder has it, in two parts: what finds its row, and what proves it. */
export type KeyText = { id: string; secret: string }

/** 64 bits that may be seen, and 256 that may not. */
const pattern = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/

/** A new one. */
export function makeKeyText(): KeyText {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url') }
}

/** `id.secret`; null for anything else. */
export function readKeyText(text: string): KeyText | null {
  const [, id, secret] = pattern.exec(text) ?? []
  return id !== undefined && secret !== undefined ? { id, secret } : null
}

/** What is stored of a secret. It is no password and cannot be guessed, so that one pass of SHA-256 is enough. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Takes the same time wherever the two differ. */
export function isSecretOf(hash: Buffer, secret: string): boolean {
  const given = hashOf(secret)
  return hash.length === given.length && timingSafeEqual(hash, given)
}
