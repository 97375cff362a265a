import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { createDatabase } from '../db.ts'
import { messageOf } from '../errors.ts'
import { type Reach, reachNothing } from '../failpoints.ts'
import type { ClaimedTask } from '../jobs/claim.ts'
import { adoptFetch, claimFetch } from '../jobs/claim-fetch.ts'
import { createWaker } from '../jobs/wake.ts'
import type { Log } from '../log.ts'
import { createProgress } from '../progress/report.ts'
import { createRedis, redisNames } from '../redis.ts'
import { createBreakers } from '../runs/breakers.ts'
import { beatUntil } from '../runs/heartbeat.ts'
import { DrainedError, settleFailure } from '../runs/settle-failure.ts'
import { createStorage } from '../storage.ts'
import { type CourierContext, fetchSource } from './fetch-source.ts'
import { createSafeAgent } from './safe-connect.ts'
import { sendWebhooks } from './send-webhooks.ts'

const pollMs = 1_000
/** For the claims and the ends of webhooks, which take a moment each. */
const webhookConnections = 3

/**
 * The only process that talks to the outside. Takes `fetch` tasks until `drain`, which gives them back, and
 * sends webhooks, of which it then waits for those on their way.
 */
export function startCourier(
  config: Config,
  log: Log,
  reach: Reach = reachNothing,
): { drain: () => Promise<void> } {
  const redis = createRedis({ url: config.REDIS_URL, role: 'request', log })
  const sql = createDatabase({
    url: config.DATABASE_URL,
    name: 'stepladder-courier',
    max: config.FETCH_SLOTS + webhookConnections + 3,
  })
  const agent = createSafeAgent({ allowPrivate: config.FETCH_PRIVATE_ADDRESSES })
  const progress = createProgress(redis, redisNames(config.REDIS_PREFIX))
  const stop = new AbortController()
  const report = (error: unknown) => breakers.report(error)
  const storage = createStorage(config, { onOutage: report })
  const breakers = createBreakers({
    probes: { storage: storage.probe, database: () => sql`select 1` },
    log,
    stopped: stop.signal,
  })
  const wake = createWaker(sql, log)
  const context: CourierContext = { config, sql, storage, progress, agent, wake, log, reach, report }
  const workerId = `courier-${config.WORKER_NAME}-${randomBytes(4).toString('hex')}`
  const bell = new EventTarget()
  // NOTIFY is only a hint: each slot also looks once a second, and at once when the listener connects.
  const ring = () => bell.dispatchEvent(new Event('task'))
  const listening = sql.listen('stepladder_fetch', ring, ring).catch((error: unknown) => {
    log.warn({ err: messageOf(error) }, 'listening failed: polling only')
  })
  const slots = Array.from({ length: config.FETCH_SLOTS }, (_, slot) => runSlot(`${workerId}-${slot}`))
  const sending = sendWebhooks({ config, sql, log, report }, stop.signal)
  log.info({ worker_id: workerId, slots: config.FETCH_SLOTS }, 'courier started')

  /** Each slot claims under an id of its own, so that it knows its own claim again when the answer was lost. */
  async function runSlot(slotId: string): Promise<void> {
    let unsure = false
    while (!stop.signal.aborted) {
      await breakers.allClosed(stop.signal)
      if (stop.signal.aborted) return
      try {
        const lost = unsure ? await adoptFetch(sql, slotId) : null
        unsure = true
        const task = lost ?? (await claimFetch(sql, { workerId: slotId, leaseMs: config.LEASE_MS }))
        unsure = false
        if (task) await runFetch(context, task, stop.signal)
        else await pause()
      } catch (error) {
        report(error)
        log.warn({ err: messageOf(error) }, 'claiming failed')
        await pause()
      }
    }
  }

  async function pause(): Promise<void> {
    const early = new AbortController()
    bell.addEventListener('task', () => early.abort(), { once: true, signal: early.signal })
    await sleep(pollMs, undefined, { signal: AbortSignal.any([early.signal, stop.signal]) }).catch(() => {})
    early.abort()
  }

  return {
    drain: async () => {
      stop.abort()
      await Promise.all([...slots, sending])
      await listening
      await agent.destroy()
      redis.disconnect()
      await sql.end({ timeout: 5 })
    },
  }
}

async function runFetch(context: CourierContext, task: ClaimedTask, drain: AbortSignal): Promise<void> {
  const log = context.log.child({
    video_id: task.videoId,
    task_id: task.taskId,
    fence: task.fence,
    attempt: task.attempt,
  })
  const abort = new AbortController()
  const ended = new AbortController()
  const giveBack = () => abort.abort(new DrainedError('the courier is stopping'))
  drain.addEventListener('abort', giveBack, { once: true, signal: ended.signal })
  const run = { task, abort: (reason: Error) => abort.abort(reason), refresh: async () => {} }
  const beats = beatUntil(context, run, ended.signal)
  try {
    log.info('task started')
    if (drain.aborted) giveBack()
    await fetchSource({ ...context, log }, task, abort.signal)
    context.wake('stepladder_dispatch')
  } catch (error) {
    await settleFailure({ ...context, log }, task, error)
  } finally {
    ended.abort()
    await beats
  }
}
