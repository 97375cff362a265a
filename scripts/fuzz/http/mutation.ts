import type { Random } from '../../../test/chaos/support/random.ts'
import type { FuzzRequest } from './request.ts'

/** What exists, to come up in requests. */
export type Things = {
  /** Which may be changed and removed. */
  ids: Readonly<Record<'videos' | 'uploads' | 'webhooks', readonly string[]>>
  /** Of videos with all that can be played; hardly anything removes them. */
  playable: readonly string[]
  /** Of objects below `source/`. */
  keys: readonly string[]
  /** Of who may do everything: an API key, the cookie of a session, the token of a link to a playable one; a delivery. */
  secrets: Record<'key' | 'session' | 'token' | 'delivery', string>
}

/** Changes one thing about a request; gives the same one back where it has no such thing. */
export type Mutation = (request: FuzzRequest, random: Random) => FuzzRequest

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.between(0, items.length)]
  if (item === undefined) throw new Error('there is nothing to pick from')
  return item
}

/** `items` with one put in, taken out or replaced: `put` null takes out. */
export function spliced<T>(
  items: readonly T[],
  at: number,
  { out, put }: { out: number; put: readonly T[] },
): T[] {
  return [...items.slice(0, at), ...put, ...items.slice(at + out)]
}
