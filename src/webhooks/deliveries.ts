import { type Database, json, type Query } from '../db.ts'
import { StepladderError } from '../errors.ts'
import type { EndpointRow } from './endpoints.ts'
import { testType } from './event-types.ts'

type DeliveryState = 'waiting' | 'sending' | 'delivered' | 'failed' | 'cancelled'

/** A delivery as its owner sees it, with everything that was tried, the first first. */
export type DeliveryRow = {
  id: number
  message_id: string
  type: string
  video_id: string | null
  url: string | null
  state: DeliveryState
  next_at: Date
  created_at: Date
  ended_at: Date | null
  attempts: {
    at: string
    ended_at: string | null
    status: number | null
    error: string | null
    response: string | null
  }[]
}

/** An endpoint's deliveries, the latest first, at most `limit` and before the delivery `before`. */
export async function listDeliveries(
  sql: Query,
  endpointId: string,
  { before, limit }: { before: number | null; limit: number },
): Promise<{ deliveries: DeliveryRow[]; next: number | null }> {
  // One more than asked for tells whether another page follows.
  const rows = await sql<DeliveryRow[]>`
    select ${deliveryColumns(sql)} from webhook_deliveries d join webhook_messages m on m.id = d.message_id
    where d.endpoint_id = ${endpointId} and ${before === null ? sql`true` : sql`d.id < ${before}`}
    order by d.id desc limit ${limit + 1}`
  const deliveries = rows.slice(0, limit)
  return { deliveries, next: rows.length > limit ? (deliveries.at(-1)?.id ?? null) : null }
}

/** Throws `delivery_not_found`. */
async function readDelivery(sql: Query, endpointId: string, id: number): Promise<DeliveryRow> {
  const [row] = await sql<DeliveryRow[]>`
    select ${deliveryColumns(sql)} from webhook_deliveries d join webhook_messages m on m.id = d.message_id
    where d.id = ${id} and d.endpoint_id = ${endpointId}`
  return row ?? missing(id)
}

/** A message that means nothing, to this endpoint alone. `url` where the endpoint has none. Throws `webhook_disabled`. */
export async function sendTest(
  sql: Database,
  endpoint: EndpointRow,
  url: string | null,
): Promise<DeliveryRow> {
  checkEnabled(endpoint)
  const data = { webhook: { id: endpoint.id, description: endpoint.description } }
  const [row] = await sql<{ id: number }[]>`
    with m as (
      insert into webhook_messages (type, data, at) values (${testType}, ${json(sql, data)}, now()) returning id
    )
    insert into webhook_deliveries (message_id, endpoint_id, url, lane)
    select id, ${endpoint.id}, ${url}::text, ${laneOf(endpoint, url)} from m returning id`
  if (!row) throw new Error('an insert returned no row')
  return readDelivery(sql, endpoint.id, row.id)
}

/**
 * Sends it once more, now, under the same id: one that is over with all its attempts before it, and one that
 * waits for its next attempt without the wait. Throws `delivery_not_found`, `webhook_disabled` and, while it
 * is on its way, `delivery_in_progress`.
 */
export async function redeliver(sql: Database, endpoint: EndpointRow, id: number): Promise<DeliveryRow> {
  checkEnabled(endpoint)
  const rows = await sql`
    update webhook_deliveries set next_at = now(), ended_at = null, state = 'waiting',
           attempt = case when state = 'waiting' then attempt else 0 end
    where id = ${id} and endpoint_id = ${endpoint.id} and state <> 'sending' returning id`
  const delivery = await readDelivery(sql, endpoint.id, id)
  if (rows.length > 0) return delivery
  throw new StepladderError('delivery_in_progress', 'the delivery is on its way')
}

/** As `queue_webhooks` has it. */
function laneOf(endpoint: EndpointRow, url: string | null): string {
  return url === null ? endpoint.id : `${endpoint.id} ${new URL(url).host}`
}

function checkEnabled(endpoint: EndpointRow): void {
  if (endpoint.disabled_at === null) return
  throw new StepladderError('webhook_disabled', 'the webhook is disabled; enable it first')
}

function deliveryColumns(sql: Query) {
  return sql`d.id, d.message_id, m.type, d.video_id, d.url, d.state, d.next_at, d.created_at, d.ended_at, (
    select coalesce(json_agg(json_build_object('at', utc_text(a.started_at), 'ended_at', utc_text(a.ended_at),
      'status', a.status, 'error', a.error, 'response', a.response) order by a.fence), '[]')
    from webhook_attempts a where a.delivery_id = d.id) as attempts`
}

function missing(id: number): never {
  throw new StepladderError('delivery_not_found', `the webhook has no delivery ${id}`)
}
