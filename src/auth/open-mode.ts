import type { Database } from '../db.ts'
import { hasKeys } from './api-keys.ts'

const lookEveryMs = 2_000

export type OpenMode = ReturnType<typeof createOpenMode>

/** Whether a `HOST` is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|localhost)$/i.test(host)
}

/**
 * Whether everybody may do everything: on the loopback address, as long as no key was ever made. Looks
 * every two seconds, so that the first key ends it soon; once over it stays over.
 */
export function createOpenMode(sql: Database, host: string) {
  let open: boolean | null = isLoopback(host) ? null : false
  let looking: Promise<void> | null = null
  const timer = setInterval(() => void look().catch(() => {}), lookEveryMs).unref()
  if (open === null) look().catch(() => {})
  else clearInterval(timer)

  function look(): Promise<void> {
    looking ??= find().finally(() => {
      looking = null
    })
    return looking
  }

  async function find(): Promise<void> {
    open = !(await hasKeys(sql))
    if (!open) clearInterval(timer)
  }

  return {
    /** Throws when it was never found out, because the database is down. */
    async isOpen(): Promise<boolean> {
      if (open === null) await look()
      return open === true
    },
    close: () => clearInterval(timer),
  }
}
