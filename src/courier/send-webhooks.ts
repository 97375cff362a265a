import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { holdThroughOutage } from '../runs/hold.ts'
import { type ClaimedDelivery, cancelDisabled, claimDeliveries, takeBackLost } from '../webhooks/claim.ts'
import { judge } from '../webhooks/schedule.ts'
import { settleDelivery } from '../webhooks/settle.ts'
import { postWebhook } from './post-webhook.ts'
import { createSafeAgent } from './safe-connect.ts'
import { webhookRequest } from './webhook-request.ts'

const pollMs = 1_000
/** Beside the time of the request: to write what came of it. */
const settleMs = 25_000
/** One endpoint, or one host that jobs name, has this part of the room at most. */
const laneShare = 4

type Context = {
  config: Config
  sql: Database
  log: Log
  report: (error: unknown) => void
}

/**
 * Sends webhooks until `stopped`, then waits for those that are on their way: a request that was sent can only
 * be told twice. Any number of couriers may do so; each delivery is one courier's at a time.
 */
export async function sendWebhooks(context: Context, stopped: AbortSignal): Promise<void> {
  const { config, sql, log, report } = context
  const agent = createSafeAgent({ allowPrivate: config.FETCH_PRIVATE_ADDRESSES })
  const leaseMs = config.WEBHOOK_TIMEOUT_MS + settleMs
  const laneRoom = Math.ceil(config.WEBHOOK_SLOTS / laneShare)
  const onTheWay = new Set<Promise<void>>()

  async function claim(): Promise<ClaimedDelivery[]> {
    const room = config.WEBHOOK_SLOTS - onTheWay.size
    if (room === 0) return []
    try {
      await takeBackLost(sql)
      await cancelDisabled(sql)
      return await claimDeliveries(sql, { room, laneRoom, leaseMs })
    } catch (error) {
      report(error)
      log.warn({ err: messageOf(error) }, 'claiming webhooks failed')
      return []
    }
  }

  while (!stopped.aborted) {
    const claimed = await claim()
    for (const delivery of claimed) {
      const sending = deliver({ ...context, agent, leaseMs }, delivery)
      onTheWay.add(sending)
      void sending.finally(() => onTheWay.delete(sending))
    }
    // One that ends makes room, and lets the next of its video go.
    if (claimed.length === 0) await pause(onTheWay, stopped)
  }
  if (onTheWay.size > 0) log.info({ webhooks: onTheWay.size }, 'waiting for the answers to webhooks')
  await Promise.all(onTheWay)
  await agent.destroy()
}

async function pause(onTheWay: ReadonlySet<Promise<void>>, stopped: AbortSignal): Promise<void> {
  const early = new AbortController()
  const signal = AbortSignal.any([early.signal, stopped])
  await Promise.race([sleep(pollMs, undefined, { signal }).catch(() => {}), ...onTheWay])
  early.abort()
}

/** One attempt and what came of it. Never throws: what cannot be written is taken back when its lease is over. */
async function deliver(
  context: Context & { agent: Dispatcher; leaseMs: number },
  delivery: ClaimedDelivery,
): Promise<void> {
  const { sql, report, config, agent, leaseMs } = context
  const { id, endpoint_id, message_id, video_id, attempt } = delivery
  const log = context.log.child({ webhook_id: endpoint_id, delivery_id: id, message_id, video_id, attempt })
  const startedAt = performance.now()
  try {
    const message = webhookRequest(delivery, new Date())
    const answer = await postWebhook(delivery.url, message, { agent, timeoutMs: config.WEBHOOK_TIMEOUT_MS })
    const ms = Math.round(performance.now() - startedAt)
    const verdict = judge(answer, attempt)
    const facts = { status: answer.status, err: answer.error ?? undefined, ms }
    log.info(facts, verdict.kind === 'delivered' ? 'webhook delivered' : 'webhook failed')
    // The answer is here: a stopping courier writes it all the same.
    const hold = { signal: AbortSignal.timeout(leaseMs), log, report }
    const ours = await holdThroughOutage(() => settleDelivery(sql, delivery, { answer, verdict }), hold)
    if (!ours) log.warn('fenced: another courier sends the webhook')
  } catch (error) {
    report(error)
    log.warn({ err: messageOf(error) }, 'what came of a webhook could not be written')
  }
}
