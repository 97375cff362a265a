import type { DeliveryRow } from '../webhooks/deliveries.ts'
import type { EndpointRow } from '../webhooks/endpoints.ts'

/** An endpoint, without its secrets. */
export function webhookView(row: EndpointRow) {
  return {
    id: row.id,
    url: row.url,
    per_job: row.url === null,
    events: row.events,
    description: row.description,
    disabled: row.disabled_at !== null,
    disabled_reason: row.disabled_reason,
    disabled_at: row.disabled_at,
    failing_since: row.failing_since,
    created_at: row.created_at,
  }
}

/** A line of the log of deliveries. `webhook_id` is the header of that name, the same in every attempt. */
export function deliveryView(row: DeliveryRow) {
  return {
    id: row.id,
    webhook_id: `msg_${row.message_id}`,
    type: row.type,
    video_id: row.video_id,
    url: row.url,
    state: row.state,
    next_at: row.state === 'waiting' ? row.next_at : null,
    created_at: row.created_at,
    ended_at: row.ended_at,
    attempts: row.attempts,
  }
}
