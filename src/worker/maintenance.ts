import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../db.ts'
import { messageOf } from '../errors.ts'
import { collectGarbage, expireSegments, expireUploads } from '../jobs/collect.ts'
import { abortLostUploads } from '../jobs/collect-uploads.ts'
import { dispatchTasks, reconcileHints } from '../jobs/dispatch.ts'
import { reapTasks } from '../jobs/reap.ts'
import { forgetDeadWorkers } from '../jobs/workers.ts'
import type { WorkerContext } from './context.ts'

const janitorMs = 60_000

/** The passes every worker runs beside its tasks; each is safe to run anywhere and any number of times. */
export function startMaintenance(context: WorkerContext, stopped: AbortSignal) {
  const { sql, stream, config, storage, log, reach } = context
  const wake = createWake()
  const announcing = { settle: stream.settle, announce }

  const loops = Promise.all([
    every(config.DISPATCH_MS, 'dispatch', topUp, wake.wait),
    every(config.REAP_MS, 'reap', () => reapTasks(sql, config.LEASE_MS, reach)),
    every(Math.min(config.RECONCILE_MS, 10_000), 'reconcile', () => reconcileHints(sql, config.RECONCILE_MS)),
    every(janitorMs, 'janitor', () => dropStaleEntries(sql, stream)),
    every(config.COLLECT_MS, 'collect', collect),
  ])

  async function announce(task: Parameters<typeof stream.announce>[0]): Promise<string | null> {
    const entryId = await stream.announce(task)
    reach('announced')
    return entryId
  }

  /** Another process may hold the pass while our new tasks are not in its snapshot: then try again soon. */
  async function topUp(): Promise<void> {
    while ((await dispatchTasks(sql, announcing)) === null && !stopped.aborted) await sleep(50)
  }

  async function collect(): Promise<void> {
    await expireUploads(sql)
    await expireSegments(sql, config.KEEP_FAILED_MS)
    const removed = await collectGarbage(sql, storage)
    if (removed > 0) log.info({ removed }, 'objects collected')
    const aborted = await abortLostUploads(sql, storage)
    if (aborted > 0) log.info({ aborted }, 'uploads of lost runs aborted')
    await forgetDeadWorkers(sql)
  }

  async function every(
    ms: number,
    name: string,
    pass: () => Promise<unknown>,
    pause: (ms: number, signal: AbortSignal) => Promise<unknown> = (span, signal) =>
      sleep(span, undefined, { signal, ref: false }),
  ): Promise<void> {
    while (!stopped.aborted) {
      try {
        await pass()
      } catch (error) {
        log.warn({ err: messageOf(error), pass: name }, 'a maintenance pass failed')
      }
      await pause(ms, stopped).catch(() => {})
    }
  }

  return { topUp: wake.now, ended: loops }
}

/**
 * Entries that nobody touched for a minute and whose task does not run under them: left by consumers
 * that are gone. Beats keep live ones young.
 */
export async function dropStaleEntries(
  sql: Database,
  stream: WorkerContext['stream'],
  idleMs = 60_000,
): Promise<number> {
  let dropped = 0
  for (let from = '-'; ; ) {
    const ids = await stream.idleEntries(idleMs, from)
    const last = ids.at(-1)
    if (last === undefined) return dropped
    const held = await sql<{ stream_id: string }[]>`
      select stream_id from tasks where state = 'running' and stream_id in ${sql(ids)}`
    const running = new Set(held.map((row) => row.stream_id))
    const stale = ids.filter((id) => !running.has(id))
    await stream.settle(stale)
    dropped += stale.length
    from = last
  }
}

/** A pause that `now` cuts short, and that remembers a call which came between two pauses. */
function createWake() {
  let asked = false
  let ring: (() => void) | null = null
  return {
    now: () => {
      asked = true
      ring?.()
    },
    wait: async (ms: number, signal: AbortSignal) => {
      if (!asked) {
        const early = new AbortController()
        ring = () => early.abort()
        await sleep(ms, undefined, { signal: AbortSignal.any([signal, early.signal]), ref: false }).catch(
          () => {},
        )
        ring = null
      }
      asked = false
    },
  }
}
