import type { Query } from '../db.ts'
import { maxAttempts } from './schedule.ts'

/** A delivery in our hands, and what is to be sent. */
export type ClaimedDelivery = {
  id: number
  fence: number
  /** 1 for the first. */
  attempt: number
  endpoint_id: string
  video_id: string | null
  url: string
  message_id: string
  type: string
  at: Date
  data: unknown
  /** In base64, the one that counts first. */
  secrets: string[]
}

/**
 * The next deliveries to send, at most `room`. One waits while an earlier one of its video to the same endpoint
 * is still being tried. Owners take turns, then lanes (an endpoint, or a host that jobs name), of which none
 * has more than `laneRoom` at once, so that one that is slow or dead holds up no other; then the oldest.
 *
 * Lanes are found by jumping along one partial index, and what is over does not count.
 */
export async function claimDeliveries(
  sql: Query,
  limits: { room: number; laneRoom: number; leaseMs: number },
): Promise<ClaimedDelivery[]> {
  const due = sql`d.state = 'waiting' and d.next_at <= now()`
  return sql<ClaimedDelivery[]>`
    with recursive lane as (
      (select lane, next_at from webhook_deliveries where state = 'waiting' order by lane, next_at limit 1)
      union all
      select n.* from lane l cross join lateral (
        select lane, next_at from webhook_deliveries where state = 'waiting' and lane > l.lane
        order by lane, next_at limit 1) n
    ), busy as materialized (
      select d.lane, e.owner, count(*) as n from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
      where d.state = 'sending' group by d.lane, e.owner
    ), candidate as (
      select d.*, coalesce(b.n, 0) + row_number() over (partition by d.lane order by d.next_at, d.id) as lane_turn
      from lane l left join busy b using (lane) cross join lateral (
        select d.id, d.lane, d.next_at, e.owner from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
        where ${due} and d.lane = l.lane and e.disabled_at is null and e.deleted_at is null and not exists (
          select from webhook_deliveries p where p.endpoint_id = d.endpoint_id and p.video_id = d.video_id
            and p.id < d.id and p.state in ('waiting', 'sending'))
        order by d.next_at, d.id limit greatest(0, least(${limits.room}::int, ${limits.laneRoom}::int - coalesce(b.n, 0)))) d
      where l.next_at <= now()
    ), chosen as (
      select id from (
        select c.*, coalesce(b.n, 0) + row_number() over (partition by c.owner order by lane_turn, next_at, id) as owner_turn
        from candidate c left join (select owner, sum(n) as n from busy group by owner) b using (owner)) turns
      order by owner_turn, lane_turn, next_at, id limit ${limits.room}::int
    ), locked as (
      select d.id from webhook_deliveries d where d.id in (select id from chosen) and ${due} for no key update skip locked
    ), claimed as (
      update webhook_deliveries set state = 'sending', attempt = attempt + 1, fence = fence + 1,
             lease_until = clock_timestamp() + ${limits.leaseMs} * interval '1 ms'
      where id in (select id from locked) returning *
    ), begun as (
      insert into webhook_attempts (delivery_id, fence) select id, fence from claimed
    )
    select c.id, c.fence, c.attempt, c.endpoint_id, c.video_id, coalesce(c.url, e.url) as url,
           c.message_id, m.type, m.at, m.data,
           array(select encode(secret, 'base64') from webhook_secrets s where s.endpoint_id = c.endpoint_id
             and (expires_at is null or expires_at > now()) order by created_at desc) as secrets
    from claimed c join webhook_endpoints e on e.id = c.endpoint_id join webhook_messages m on m.id = c.message_id`
}

/**
 * What a courier held that died is sent again at once: whether it arrived nobody knows, and its `webhook-id`
 * tells. The attempt counts, so that one that ends its courier each time is given up in the end.
 */
export async function takeBackLost(sql: Query): Promise<number> {
  const rows = await sql`
    with lost as (
      update webhook_deliveries set lease_until = null, next_at = now(),
             state = case when attempt < ${maxAttempts} then 'waiting' else 'failed' end,
             ended_at = case when attempt < ${maxAttempts} then null else now() end
      where state = 'sending' and lease_until < clock_timestamp() returning id, fence
    )
    update webhook_attempts a set ended_at = clock_timestamp(), error = 'the courier died in the midst of it'
    from lost l where a.delivery_id = l.id and a.fence = l.fence returning 1`
  return rows.length
}

const cancelledAtOnce = 1_000

/** What waits for an endpoint that was disabled or deleted is not tried any more. */
export async function cancelDisabled(sql: Query): Promise<void> {
  await sql`
    update webhook_deliveries set state = 'cancelled', ended_at = now() where id in (
      select d.id from webhook_endpoints e cross join lateral (
        select id from webhook_deliveries where endpoint_id = e.id and state = 'waiting' limit ${cancelledAtOnce}
        for no key update skip locked) d
      where e.disabled_at is not null or e.deleted_at is not null)`
}
