import type { Database } from '../db.ts'
import { type ApiKey, noteUse, readKey, type StoredKey } from './api-keys.ts'
import { isSecretOf, type KeyText } from './key-text.ts'

/** So long a key counts that was looked up, also one that ends meanwhile. */
const freshMs = 1_000
const mostKnown = 10_000

export type KnownKeys = ReturnType<typeof createKnownKeys>

/**
 * The keys that requests show, each looked up once a second at most: a look for every request would cost more
 * than most of what is asked for. What is not there is looked for each time.
 */
export function createKnownKeys(sql: Database, nowMs: () => number = () => performance.now()) {
  const looks = new Map<string, { at: number; key: Promise<StoredKey | null> }>()

  function look(id: string): Promise<StoredKey | null> {
    const earlier = looks.get(id)
    if (earlier && nowMs() - earlier.at < freshMs) return earlier.key
    if (looks.size >= mostKnown) looks.clear()
    const entry = { at: nowMs(), key: readKey(sql, id) }
    looks.set(id, entry)
    const forget = () => {
      if (looks.get(id) === entry) looks.delete(id)
    }
    // Whoever waits is told of a failure all the same.
    entry.key.then((key) => key ?? forget(), forget)
    return entry.key
  }

  return {
    /** The key behind an `id.secret`; null where there is none, it was revoked, or its time is over. */
    async prove({ id, secret }: KeyText): Promise<ApiKey | null> {
      const key = await look(id)
      if (!key || !isSecretOf(key.secret_hash, secret)) return null
      noteUse(sql, key)
      return key
    },
    /** The key that a token of ours speaks for; null when it ended meanwhile. */
    async find(id: string): Promise<ApiKey | null> {
      const key = await look(id)
      if (key) noteUse(sql, key)
      return key
    },
    /** Of a key that somebody saw end. */
    forget: (id: string) => void looks.delete(id),
  }
}
