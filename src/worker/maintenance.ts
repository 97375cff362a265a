import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseOutage } from '../db.ts'
import { messageOf } from '../errors.ts'
import { expireUploads } from '../jobs/close-upload.ts'
import { collectGarbage } from '../jobs/collect.ts'
import { abortLostUploads } from '../jobs/collect-uploads.ts'
import { dispatchTasks, reconcileHints } from '../jobs/dispatch.ts'
import { dropStaleEntries } from '../jobs/drop-stale-entries.ts'
import { expireSegments } from '../jobs/expire.ts'
import { expireAnswers } from '../jobs/idempotency.ts'
import { mirrorDeadLetters } from '../jobs/mirror-dead-letters.ts'
import { keepPlace, type TurnedPass, takeTurn } from '../jobs/passes.ts'
import { reapTasks } from '../jobs/reap.ts'
import { sweepBucket } from '../jobs/sweep.ts'
import { forgetDeadWorkers } from '../jobs/workers.ts'
import type { Announced } from '../queue/stream.ts'
import { expireWebhooks } from '../webhooks/expire.ts'
import type { WorkerContext } from './context.ts'

const janitorMs = 60_000
const deadConsumerMs = 3_600_000
const deadLettersMs = 10_000

/**
 * The passes every worker offers to run beside its tasks; each is safe to run anywhere and any number of
 * times. Short ones take a lock for their transaction, the others a turn (`src/jobs/passes.ts`): so none
 * runs on all workers at once, and no worker can hold one up by pausing.
 */
export function startMaintenance(context: WorkerContext, stopped: AbortSignal) {
  const { sql, stream, config, storage, log, reach, report } = context
  const wake = createWake()
  const announcing = { settle: stream.settle, announceAll }

  const loops = Promise.all([
    every(config.DISPATCH_MS, 'dispatch', topUp, wake.wait),
    every(config.REAP_MS, 'reap', () => reapTasks(sql, config.LEASE_MS, reach)),
    every(Math.min(config.RECONCILE_MS, 10_000), 'reconcile', () => reconcileHints(sql, config.RECONCILE_MS)),
    every(janitorMs, 'workers', () => forgetDeadWorkers(sql)),
    every(config.COLLECT_MS, 'uploads', () => expireUploads(sql)),
    every(config.COLLECT_MS, 'answers', () => expireAnswers(sql)),
    every(config.COLLECT_MS, 'webhooks', () => expireWebhooks(sql, config.WEBHOOK_KEEP_MS)),
    turned('janitor', janitorMs, janitor),
    turned('expire', config.COLLECT_MS, () => expireSegments(sql, config.KEEP_FAILED_MS)),
    turned('collect', config.COLLECT_MS, collect),
    turned('open_uploads', config.COLLECT_MS, abortUploads),
    turned('sweep', config.COLLECT_MS, sweep),
    turned('dead_letters', deadLettersMs, () => mirrorDeadLetters(sql, stream.dead)),
  ])

  async function announceAll(tasks: Announced[]): Promise<string[]> {
    const entries = await stream.announceAll(tasks)
    reach('announced')
    return entries
  }

  /** Another process may hold the pass while our new tasks are not in its snapshot: then try again soon. */
  async function topUp(): Promise<void> {
    while ((await dispatchTasks(sql, announcing)) === null && !stopped.aborted) await sleep(50)
  }

  function turned(pass: TurnedPass, ms: number, body: (place: string) => Promise<unknown>): Promise<void> {
    return every(ms, pass, async () => {
      const place = await takeTurn(sql, pass, ms)
      if (place !== null) await body(place)
    })
  }

  async function janitor(): Promise<void> {
    await dropStaleEntries(sql, stream)
    await stream.forgetConsumers(deadConsumerMs)
  }

  async function collect(): Promise<void> {
    const removed = await collectGarbage(sql, storage)
    if (removed > 0) log.info({ removed }, 'objects collected')
  }

  async function abortUploads(): Promise<void> {
    const aborted = await abortLostUploads(sql, storage)
    if (aborted > 0) log.info({ aborted }, 'uploads of lost runs aborted')
  }

  async function sweep(from: string): Promise<void> {
    const { place, removed } = await sweepBucket(sql, storage, from)
    await keepPlace(sql, 'sweep', place)
    if (removed > 0) log.info({ removed, place }, 'stragglers collected')
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
        report(error)
        const level = isDatabaseOutage(error) ? 'debug' : 'warn'
        log[level]({ err: messageOf(error), pass: name }, 'a maintenance pass failed')
      }
      await pause(ms, stopped).catch(() => {})
    }
  }

  return { topUp: wake.now, ended: loops }
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
