import type { Database } from '../db.ts'
import { tryPass } from '../jobs/passes.ts'

/** Rows removed in one pass, so that a pass stays short. */
const removedAtOnce = 5_000

/** Forgets messages with their deliveries after `keepMs`, and what is left of deleted endpoints and of old secrets. */
export async function expireWebhooks(sql: Database, keepMs: number): Promise<void> {
  await tryPass(sql, 'webhooks', async (tx) => {
    await tx`
      delete from webhook_messages where id in (
        select id from webhook_messages where at < now() - ${keepMs} * interval '1 ms' order by at limit ${removedAtOnce})`
    await tx`
      delete from webhook_deliveries where id in (
        select d.id from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id
        where e.deleted_at is not null limit ${removedAtOnce})`
    await tx`
      delete from webhook_endpoints e where deleted_at is not null
        and not exists (select from webhook_deliveries d where d.endpoint_id = e.id)`
    await tx`delete from webhook_secrets where expires_at < now()`
  })
}
