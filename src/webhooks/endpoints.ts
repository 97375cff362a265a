import { randomUUIDv7 } from 'node:crypto'
import { type Database, type Query, sqlState, transaction } from '../db.ts'
import { StepladderError } from '../errors.ts'
import type { EventType } from './event-types.ts'
import { newSecret } from './secret.ts'

/** Each event is written once for each of them. */
const maxEndpoints = 50

/** An endpoint as its owner sees it: all but its secrets. `url` is null for the one whose address each job gives. */
export type EndpointRow = {
  id: string
  url: string | null
  events: EventType[]
  description: string | null
  disabled_at: Date | null
  disabled_reason: 'asked' | 'gone' | 'failing' | null
  failing_since: Date | null
  created_at: Date
}

export type EndpointFields = {
  url: string | null
  events: readonly EventType[]
  description: string | null
  disabled: boolean
}

/** With its first secret. Throws `too_many_webhooks`, and `webhook_exists` for a second one that jobs give an address. */
export async function createEndpoint(
  sql: Database,
  owner: string,
  { url, events, description, disabled }: EndpointFields,
): Promise<{ endpoint: EndpointRow; secret: Buffer }> {
  const secret = newSecret()
  try {
    const [endpoint] = await sql<EndpointRow[]>`
      with e as (
        insert into webhook_endpoints (id, owner, url, events, description, disabled_at, disabled_reason)
        select ${randomUUIDv7()}, ${owner}, ${url}::text, ${[...events]}::text[], ${description}::text,
               ${disabled ? sql`now(), 'asked'` : sql`null, null`}
        where (select count(*) from webhook_endpoints where owner = ${owner} and deleted_at is null) < ${maxEndpoints}
        returning *
      ), s as (
        insert into webhook_secrets (endpoint_id, secret) select id, ${secret} from e
      )
      select ${endpointColumns(sql)} from e`
    if (endpoint) return { endpoint, secret }
  } catch (error) {
    if (sqlState(error) !== '23505') throw error
    throw new StepladderError('webhook_exists', 'there is a webhook already that jobs give an address')
  }
  throw new StepladderError('too_many_webhooks', `there are ${maxEndpoints} webhooks already`)
}

/** The oldest first. */
export async function listEndpoints(sql: Query, owner: string): Promise<EndpointRow[]> {
  return sql<EndpointRow[]>`
    select ${endpointColumns(sql)} from webhook_endpoints
    where owner = ${owner} and deleted_at is null order by created_at, id`
}

/** Throws `webhook_not_found`. */
export async function readEndpoint(sql: Query, owner: string, id: string): Promise<EndpointRow> {
  const [row] = await sql<EndpointRow[]>`
    select ${endpointColumns(sql)} from webhook_endpoints
    where id = ${id} and owner = ${owner} and deleted_at is null`
  return row ?? missing(id)
}

/** What is undefined stays. Enabling it ends its time of failing. Throws `webhook_not_found`. */
export async function changeEndpoint(
  sql: Database,
  { owner, id }: { owner: string; id: string },
  change: { [Name in keyof EndpointFields]?: EndpointFields[Name] | undefined },
): Promise<EndpointRow> {
  const { url, events, description, disabled } = change
  const [row] = await sql<EndpointRow[]>`
    update webhook_endpoints set
      url = ${url === undefined ? sql`url` : url},
      events = ${events === undefined ? sql`events` : sql`${[...events]}::text[]`},
      description = ${description === undefined ? sql`description` : description}
      ${disabled === true ? sql`, disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'asked')` : sql``}
      ${disabled === false ? sql`, disabled_at = null, disabled_reason = null, failing_since = null` : sql``}
    where id = ${id} and owner = ${owner} and deleted_at is null
    returning ${endpointColumns(sql)}`
  return row ?? missing(id)
}

/** Its secrets go at once; the rows of its deliveries follow (`expireWebhooks`). Throws `webhook_not_found`. */
export async function removeEndpoint(sql: Database, owner: string, id: string): Promise<void> {
  const rows = await sql`
    with e as (
      update webhook_endpoints set deleted_at = now()
      where id = ${id} and owner = ${owner} and deleted_at is null returning id
    ), s as (
      delete from webhook_secrets where endpoint_id in (select id from e)
    )
    select id from e`
  if (rows.length === 0) missing(id)
}

/**
 * A new secret, beside which the one before goes on signing for `overlapS`; an older one ends now, so that
 * there are never more than two. Throws `webhook_not_found`.
 */
export async function rotateSecret(
  sql: Database,
  { owner, id }: { owner: string; id: string },
  overlapS: number,
): Promise<Buffer> {
  const secret = newSecret()
  await transaction(sql, async (tx) => {
    const rows = await tx`
      select from webhook_endpoints where id = ${id} and owner = ${owner} and deleted_at is null for no key update`
    if (rows.length === 0) missing(id)
    await tx`delete from webhook_secrets where endpoint_id = ${id} and (expires_at is not null or ${overlapS} = 0)`
    await tx`update webhook_secrets set expires_at = now() + ${overlapS} * interval '1 s' where endpoint_id = ${id}`
    await tx`insert into webhook_secrets (endpoint_id, secret) values (${id}, ${secret})`
  })
  return secret
}

/** Whether a job of this owner may name an address: there is a secret that signs what goes there. */
export async function hasJobEndpoint(sql: Query, owner: string): Promise<boolean> {
  const rows = await sql`
    select from webhook_endpoints where owner = ${owner} and url is null and deleted_at is null and disabled_at is null`
  return rows.length > 0
}

function endpointColumns(sql: Query) {
  return sql`id, url, events, description, disabled_at, disabled_reason, failing_since, created_at`
}

function missing(id: string): never {
  throw new StepladderError('webhook_not_found', `there is no webhook ${id}`)
}
