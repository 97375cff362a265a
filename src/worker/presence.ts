import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseOutage } from '../db.ts'
import { messageOf } from '../errors.ts'
import { forgetEarlierLives, seeWorker } from '../jobs/workers.ts'
import type { Need } from '../runs/breakers.ts'
import type { WorkerContext } from './context.ts'

/**
 * Writes the worker's row every few seconds until it has stopped, and when `write` is called: that it
 * lives, whether it drains, and what it misses. `write` throws where that fails.
 */
export function startPresence(
  context: WorkerContext,
  options: { version: string; missing: () => Need[]; drain: AbortSignal; stopped: AbortSignal },
): { write: () => Promise<void>; ended: Promise<void> } {
  const { config, sql, log } = context
  const row = {
    id: context.workerId,
    consumer: context.consumer,
    host: hostname(),
    version: options.version,
    build: context.build,
    slots: config.WORKER_SLOTS,
  }

  function write(): Promise<void> {
    return seeWorker(sql, { ...row, pausedFor: options.missing() }, options.drain.aborted)
  }

  async function keepWriting(): Promise<void> {
    await forgetEarlierLives(sql, row.consumer).catch(context.report) // they then count for half a minute
    while (!options.stopped.aborted) {
      await write().catch((error: unknown) => {
        context.report(error)
        if (!isDatabaseOutage(error)) log.warn({ err: messageOf(error) }, 'presence could not be written')
      })
      await sleep(config.BEAT_MS, undefined, { signal: options.stopped }).catch(() => {})
    }
  }

  return { write, ended: keepWriting() }
}
