import { liveKeys } from '../auth/api-keys.ts'
import type { KnownKeys } from '../auth/known-keys.ts'
import type { OpenMode } from '../auth/open-mode.ts'
import type { Database } from '../db.ts'

const lookEveryMs = 5_000

/** Who listens: `keyId` null for nobody in particular; `until` is the end of a session or a link. */
type Listening = { keyId: string | null; until: Date | undefined; end: () => void }

export type StreamEnds = ReturnType<typeof createStreamEnds>

/**
 * Ends the event streams of those who may not listen any more: their key was revoked or ran out, their
 * session or link is over, or the first key ended the time without. They are open for days otherwise.
 */
export function createStreamEnds(
  { sql, keys, openMode }: { sql: Database; keys: Pick<KnownKeys, 'forget'>; openMode: OpenMode },
  everyMs = lookEveryMs,
) {
  const all = new Set<Listening>()
  const timer = setInterval(() => {
    // While the database is away nobody's key ends; the next look tells.
    if (all.size > 0) void look().catch(() => {})
  }, everyMs).unref()

  async function look(): Promise<void> {
    const ids = new Set([...all].flatMap(({ keyId }) => keyId ?? []))
    const live = ids.size > 0 ? await liveKeys(sql, [...ids]) : new Set<string>()
    // A page whose stream ends asks at once who it is.
    for (const id of ids) if (!live.has(id)) keys.forget(id)
    const isOpen = await openMode.isOpen()
    const now = Date.now()
    for (const listening of all) {
      const { keyId, until, end } = listening
      const isOver = until !== undefined && until.getTime() <= now
      if (isOver || !(keyId === null ? isOpen : !ids.has(keyId) || live.has(keyId))) end()
    }
  }

  return {
    /** Returns what forgets it again. */
    add(listening: Listening): () => void {
      all.add(listening)
      return () => void all.delete(listening)
    },
    close: () => clearInterval(timer),
  }
}
