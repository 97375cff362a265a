import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { StepladderError } from '../errors.ts'
import type { Answer, RequestKey } from '../jobs/idempotency.ts'
import { ownerOf } from './caller.ts'

/**
 * Visible ASCII up to 255 characters, bare, as most clients send it, or as a string of RFC 9651, as
 * draft-ietf-httpapi-idempotency-key-header wants it. Two headers arrive joined by a comma and are neither.
 */
const bareKey = /^[!#-+\--[\]-~]{1,255}$/
const quotedKey = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/

/**
 * The request as it is known by its `Idempotency-Key`, null without that header. `asked` is the JSON that
 * the key stands for; it must be one that a schema has let pass. Throws `invalid_idempotency_key`.
 */
export function requestKey(
  c: Context,
  { route, asked, keepS }: { route: string; asked: unknown; keepS: number },
): RequestKey | null {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return null
  const key = bareKey.test(header) ? header : quotedKey.exec(header)?.[1]?.replaceAll(/\\(.)/g, '$1')
  if (key === undefined || key.length > 255) {
    throw new StepladderError(
      'invalid_idempotency_key',
      'Idempotency-Key must have 1 to 255 visible ASCII characters, such as a UUID, in quotes or without',
    )
  }
  return { owner: ownerOf(c), route, key, fingerprint: fingerprintOf(asked), keepS }
}

/**
 * Of the JSON value: neither white space nor the order of names counts. Defaults are not filled in, or a
 * later version with one more field would take a request repeated across its deployment for another.
 */
function fingerprintOf(asked: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(asked, inOrder)).digest()
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** 201, told for the first time or again. */
export function created(
  c: Context,
  { location, body }: Answer,
  { replayed }: { replayed: boolean },
): Response {
  return c.body(body, 201, {
    'Content-Type': 'application/json',
    ...(location !== null && { Location: location }),
    ...(replayed && { 'Idempotency-Replayed': 'true' }),
  })
}
