import { vi } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { startCourier } from '../../../src/courier/start.ts'
import type { Database } from '../../../src/db.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { completeFinish } from '../../../src/jobs/complete-finish.ts'
import { failTask } from '../../../src/jobs/fail.ts'
import { claim, finishing, submit } from '../../support/jobs-under-test.ts'
import { unscrubbedLog } from '../../support/log-search/searched-log.ts'
import { startApi } from '../api/api-under-test.ts'

export type WebhookSystem = Awaited<ReturnType<typeof createWebhookSystem>>
type Fields = { [name: string]: unknown }
type Delivery = { id: number; state: string; attempts: { status: number | null }[]; [name: string]: unknown }

/** The API in this process and, with `courier`, a courier that sends what its endpoints are to be told. */
export async function createWebhookSystem(options: { courier: boolean; lead?: Partial<Config> }) {
  const api = await startApi({
    lead: { FETCH_PRIVATE_ADDRESSES: true, WEBHOOK_TIMEOUT_MS: 15_000, ...options.lead },
  })
  const { sql } = api
  await holdPauses(sql)
  const logged: string[] = []
  const log = unscrubbedLog('courier', logged)
  const courier = options.courier ? startCourier(api.config, log) : null

  async function create(fields: Fields): Promise<{ id: string; secret: string }> {
    const { status, body } = await api.ask('/webhooks', { json: fields })
    if (status !== 201) throw new Error(`POST /webhooks: ${JSON.stringify(body)}`)
    return body
  }

  /** The latest first. */
  async function deliveries(id: string): Promise<Delivery[]> {
    const { body } = await api.ask(`/webhooks/${id}/deliveries?limit=100`)
    return body.deliveries
  }

  /** The deliveries of an endpoint once all of them are as `accept` wants. */
  async function until(id: string, accept: (delivery: Delivery) => boolean): Promise<Delivery[]> {
    const found = async () => {
      const all = await deliveries(id)
      if (all.length === 0 || !all.every(accept)) throw new Error(`the deliveries are ${JSON.stringify(all)}`)
      return all
    }
    return vi.waitFor(found, { timeout: 20_000, interval: 30 })
  }

  /** A video that comes to this end; its id. */
  async function end(how: 'completed' | 'failed' | 'cancelled'): Promise<string> {
    if (how === 'completed') {
      const finish = await finishing(sql)
      await completeFinish(sql, finish, {
        ...{ renditions: [], tracks: [], findings: [] },
        outputs: { hls_master_key: 'm', dash_manifest_key: 'd', poster_key: 'p' },
      })
      return finish.videoId
    }
    const { videoId, taskId } = await submit(sql)
    if (how === 'cancelled') await cancelVideo(sql, videoId)
    else await failTask(sql, await claim(sql, taskId), { code: 'corrupt_input', message: 'it is damaged' })
    return videoId
  }

  return {
    api,
    sql,
    logged,
    create,
    deliveries,
    until,
    end,
    /** As if the pauses before the next attempts were over; none ends by itself. */
    passPauses: () => sql`update webhook_deliveries set next_at = now() where state = 'waiting'`,
    /** How long the latest attempt of the only delivery is followed by none, if nobody passes the pause. */
    pauseS: async (id: string) => {
      const [row] = await sql<{ s: number }[]>`
        select extract(epoch from d.next_at - interval '30 days' - a.ended_at)::float8 as s from webhook_deliveries d
        join webhook_attempts a on a.delivery_id = d.id and a.fence = d.fence where d.endpoint_id = ${id}`
      if (!row) throw new Error('there was no attempt')
      return row.s
    },
    async [Symbol.asyncDispose]() {
      await courier?.drain()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** Adds 30 days to every pause, so that no machine is too slow to see what is before the next attempt. */
async function holdPauses(sql: Database): Promise<void> {
  await sql.unsafe(`
    create function hold_pause() returns trigger language plpgsql as $$
      begin new.next_at := new.next_at + interval '30 days'; return new; end $$;
    create trigger hold_pause before update on webhook_deliveries for each row
      when (old.state = 'sending' and new.state = 'waiting' and new.next_at > now()) execute function hold_pause()`)
}

/** Its first attempt failed, and that is written. */
export function failedOnce({ state, attempts }: Delivery): boolean {
  return state === 'waiting' && attempts.length === 1
}
