import { type Database, json, type Transaction, transaction } from '../db.ts'
import type { ClaimedDelivery } from './claim.ts'
import type { Answer, Verdict } from './schedule.ts'

/** An endpoint to which nothing was delivered for so long is disabled at the next attempt that fails. */
const failingDays = 5

/**
 * Writes what came of an attempt. Returns false when the delivery is not ours any more: its lease was over,
 * or it was pruned. Safe to repeat.
 */
export async function settleDelivery(
  sql: Database,
  delivery: ClaimedDelivery,
  { answer, verdict }: { answer: Answer; verdict: Verdict },
): Promise<boolean> {
  return transaction(sql, async (tx) => {
    const rows = await tx`
      update webhook_deliveries set lease_until = null, ${nextState(tx, verdict)}
      where id = ${delivery.id} and fence = ${delivery.fence} and state = 'sending' returning id`
    if (rows.length === 0) return false
    await tx`
      update webhook_attempts set ended_at = clock_timestamp(), status = ${answer.status}, error = ${answer.error},
             response = ${answer.response}
      where delivery_id = ${delivery.id} and fence = ${delivery.fence}`
    if (verdict.kind === 'delivered') await noteSuccess(tx, delivery)
    else await noteFailure(tx, delivery, verdict)
    return true
  })
}

function nextState(tx: Transaction, verdict: Verdict) {
  if (verdict.kind === 'again') {
    return tx`state = 'waiting', next_at = now() + ${verdict.pauseMs} * interval '1 ms'`
  }
  return tx`state = ${verdict.kind === 'delivered' ? 'delivered' : 'failed'}, ended_at = now()`
}

async function noteSuccess(tx: Transaction, { endpoint_id }: ClaimedDelivery): Promise<void> {
  await tx`update webhook_endpoints set failing_since = null where id = ${endpoint_id} and failing_since is not null`
}

/** Where each job gives an address, one that is dead or gone says nothing about the next one. */
async function noteFailure(
  tx: Transaction,
  { endpoint_id }: ClaimedDelivery,
  verdict: Verdict,
): Promise<void> {
  const gone = verdict.kind === 'gone'
  const isLong = tx`failing_since < now() - ${failingDays} * interval '1 day'`
  const [changed] = await tx<{ owner: string; url: string; disabled_reason: string | null }[]>`
    update webhook_endpoints set failing_since = coalesce(failing_since, now()),
           disabled_at = case when ${gone} or ${isLong} then now() end,
           disabled_reason = case when ${gone} then 'gone' when ${isLong} then 'failing' end
    where id = ${endpoint_id} and url is not null and disabled_at is null and (failing_since is null or ${gone} or ${isLong})
    returning owner, url, disabled_reason`
  if (!changed?.disabled_reason) return
  const data = { webhook: { id: endpoint_id, url: changed.url, disabled_reason: changed.disabled_reason } }
  await tx`select queue_webhooks(${changed.owner}, 'webhook.disabled', ${json(tx, data)}, now())`
}
