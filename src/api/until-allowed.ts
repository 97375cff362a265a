import { setTimeout as sleep } from 'node:timers/promises'
import { hasKeys } from '../auth/api-keys.ts'
import { isLoopback } from '../auth/open-mode.ts'
import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'

const lookEveryMs = 1_000
const sayEveryMs = 60_000

/**
 * Resolves once the API may listen where it is told to: at once on the loopback address, elsewhere as soon as
 * there is a key, until which it says so in the log. False when `stopped` came first.
 */
export async function untilAllowed(
  { sql, config, log }: { sql: Database; config: Pick<Config, 'HOST'>; log: Log },
  stopped: Promise<unknown>,
): Promise<boolean> {
  if (isLoopback(config.HOST)) return true
  const gone = new AbortController()
  void stopped.then(() => gone.abort())
  let said = Number.NEGATIVE_INFINITY
  while (!gone.signal.aborted) {
    const why = await whyNot(sql)
    if (why === null) return true
    if (Date.now() - said >= sayEveryMs) {
      log.error({ host: config.HOST, why }, 'not listening beyond this machine before there is a key')
      said = Date.now()
    }
    await sleep(lookEveryMs, undefined, { signal: gone.signal }).catch(() => {})
  }
  return false
}

async function whyNot(sql: Database): Promise<string | null> {
  try {
    if (await hasKeys(sql)) return null
    return 'whoever reached it could do everything: make a key with `stepladder keys create --name <name>`'
  } catch (error) {
    return `the database does not tell whether there are keys: ${messageOf(error)}`
  }
}
