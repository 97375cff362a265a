import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { transaction } from '../../../src/db.ts'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { recordEvent } from '../../../src/jobs/video-lock.ts'
import {
  type ClaimedDelivery,
  cancelDisabled,
  claimDeliveries,
  takeBackLost,
} from '../../../src/webhooks/claim.ts'
import { listDeliveries } from '../../../src/webhooks/deliveries.ts'
import { createEndpoint, removeEndpoint } from '../../../src/webhooks/endpoints.ts'
import { videoEvents } from '../../../src/webhooks/event-types.ts'
import { expireWebhooks } from '../../../src/webhooks/expire.ts'
import { judge, maxAttempts } from '../../../src/webhooks/schedule.ts'
import { settleDelivery } from '../../../src/webhooks/settle.ts'
import { hold, type JobsUnderTest, leaseMs, startJobs, submit } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(async () => {
  await jobs.reset()
  await jobs.sql`truncate webhook_endpoints, webhook_messages cascade`
})

async function endpoint(url: string | null = 'https://example.org/hook', owner = 'default'): Promise<string> {
  const fields = { url, events: videoEvents, description: null, disabled: false }
  return (await createEndpoint(jobs.sql, owner, fields)).endpoint.id
}

/** A video that is over; `owner` and `webhookUrl` as if its submission had said so. */
async function ended(fields: { owner?: string; webhookUrl?: string } = {}): Promise<string> {
  const { videoId } = await submit(jobs.sql, { owner: fields.owner ?? 'default' })
  await jobs.sql`update videos set webhook_url = ${fields.webhookUrl ?? null} where id = ${videoId}`
  await cancelVideo(jobs.sql, videoId)
  return videoId
}

const claim = (limits: { room?: number; laneRoom?: number } = {}) =>
  claimDeliveries(jobs.sql, { room: 10, laneRoom: 10, leaseMs, ...limits })

function settle(delivery: ClaimedDelivery, status: number): Promise<boolean> {
  const answer = { status, error: null, response: null, retryAfterMs: null }
  return settleDelivery(jobs.sql, delivery, { answer, verdict: judge(answer, delivery.attempt) })
}

const states = async () => {
  const rows = await jobs.sql<{ state: string }[]>`select state from webhook_deliveries order by id`
  return rows.map(({ state }) => state)
}

describe('what is written with an event', () => {
  test('is undone with it', async () => {
    await endpoint()
    const { videoId } = await submit(jobs.sql)
    await expect(
      transaction(jobs.sql, async (tx) => {
        await recordEvent(tx, videoId, 'cancelled')
        throw new Error('something else failed')
      }),
    ).rejects.toThrow('something else failed')
    expect(await states()).toEqual([])
  })

  test('is nothing where nobody listens, of the owner or at all', async () => {
    await endpoint(undefined, 'somebody')
    await ended()
    expect(await jobs.sql`select from webhook_messages`).toHaveLength(0)
  })

  test('waits for nobody who deletes, disables or changes the endpoint meanwhile, and none of them for it', async () => {
    const id = await endpoint()
    const writing = await hold(
      jobs.sql,
      (tx) => tx`select queue_webhooks('default', 'video.failed', '{}', now())`,
    )
    await removeEndpoint(jobs.sql, 'default', id)
    await writing.release()
    const removing = await hold(jobs.sql, (tx) => tx`update webhook_endpoints set description = 'x'`)
    await ended()
    await removing.release()
    expect(await claim()).toEqual([])
  })
})

describe('a claim', () => {
  test('is one courier’s: of two at once each gets others', async () => {
    await endpoint()
    for (let count = 0; count < 6; count++) await ended()
    const claims = await Promise.all(Array.from({ length: 6 }, () => claim({ room: 2 })))
    const ids = claims.flat().map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(1)
    expect(new Set(ids).size).toBe(ids.length)
    for (let round = 0; round < 6; round++) ids.push(...(await claim({ room: 2 })).map(({ id }) => id))
    expect(new Set(ids).size).toBe(6)
    expect(ids).toHaveLength(6)
  })

  test('keeps the order of a video, also while the earlier one is on its way or waits', async () => {
    await endpoint()
    const video = await ended()
    await retryVideo(jobs.sql, video, { changed: false })
    await cancelVideo(jobs.sql, video)
    const [first, ...none] = await claim()
    expect(none).toEqual([])
    if (!first) throw new Error('nothing was claimed')
    expect(await claim()).toEqual([])
    expect(await settle(first, 500)).toBe(true)
    expect(await claim()).toEqual([])
    await jobs.sql`update webhook_deliveries set next_at = now()`
    const [again] = await claim()
    expect(again).toMatchObject({ id: first.id, message_id: first.message_id, attempt: 2 })
    if (!again) throw new Error('nothing was claimed')
    await settle(again, 200)
    const [second] = await claim()
    expect(second?.id).toBeGreaterThan(first.id)
  })

  test('gives no endpoint more than its share, counting what is on its way, and a host of jobs is like one', async () => {
    const busy = await endpoint()
    await endpoint(null)
    for (let count = 0; count < 5; count++) await ended()
    for (const host of ['a', 'a', 'a', 'b'])
      await ended({ webhookUrl: `https://${host}.example.org/${count()}` })
    const [one] = await claim({ room: 1 })
    expect(one?.endpoint_id).toBe(busy)
    const rest = await claim({ laneRoom: 2, room: 10 })
    const byHost = Map.groupBy([...rest, ...(one ? [one] : [])], ({ url }) => new URL(url).host)
    const counts = Object.fromEntries([...byHost].map(([host, all]) => [host, all.length]))
    expect(counts).toEqual({ 'example.org': 2, 'a.example.org': 2, 'b.example.org': 1 })
  })

  test('lets owners take turns, whoever waits longer', async () => {
    await endpoint('https://one.example.org/', 'one')
    await endpoint('https://two.example.org/', 'two')
    await endpoint('https://three.example.org/', 'one')
    for (let made = 0; made < 4; made++) await ended({ owner: 'one' })
    for (let made = 0; made < 2; made++) await ended({ owner: 'two' })
    const claimed = await claim({ room: 4 })
    expect(claimed.filter(({ url }) => url.includes('two'))).toHaveLength(2)
  })

  test('passes over what is disabled, and what lies ahead', async () => {
    const id = await endpoint()
    await ended()
    await jobs.sql`update webhook_endpoints set disabled_at = now(), disabled_reason = 'asked' where id = ${id}`
    expect(await claim()).toEqual([])
    await jobs.sql`update webhook_endpoints set disabled_at = null, disabled_reason = null`
    await jobs.sql`update webhook_deliveries set next_at = now() + interval '1 min'`
    expect(await claim()).toEqual([])
  })

  test('and all that goes with it reads a handful of rows, however many are over or lie ahead', async () => {
    await endpoint()
    await ended()
    await jobs.sql`
      insert into webhook_deliveries (message_id, endpoint_id, video_id, lane, state, next_at)
      select m.id, e.id, gen_random_uuid(), e.id::text, state, now() + interval '1 h'
      from webhook_messages m, webhook_endpoints e, unnest(array['delivered', 'waiting']) as state, generate_series(1, 3000)`
    await jobs.sql`update webhook_deliveries set next_at = now() + interval '1 h'`
    await ended()
    await jobs.sql`vacuum analyze webhook_deliveries`
    await transaction(jobs.sql, async (tx) => {
      await takeBackLost(tx)
      await cancelDisabled(tx)
      expect(await claimDeliveries(tx, { room: 10, laneRoom: 10, leaseMs })).toHaveLength(1)
      const [read] = await tx<{ rows: number }[]>`
        select seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables where relname = 'webhook_deliveries'`
      expect(read?.rows).toBeLessThan(50)
    })
  })
})

describe('a courier that dies', () => {
  test('leaves what it held to be sent again at once, and what it writes later does not count', async () => {
    const id = await endpoint()
    await ended()
    const [lost] = await claim()
    if (!lost) throw new Error('nothing was claimed')
    expect(await takeBackLost(jobs.sql)).toBe(0)
    await jobs.sql`update webhook_deliveries set lease_until = now() - interval '1 s'`
    expect(await takeBackLost(jobs.sql)).toBe(1)
    const [again] = await claim()
    expect(again).toMatchObject({ id: lost.id, message_id: lost.message_id, attempt: 2 })
    expect(await settle(lost, 200)).toBe(false)
    expect(await states()).toEqual(['sending'])
    if (again) expect(await settle(again, 200)).toBe(true)
    const { deliveries } = await listDeliveries(jobs.sql, id, { before: null, limit: 5 })
    expect(deliveries[0]?.attempts).toMatchObject([
      { status: null, error: 'the courier died in the midst of it' },
      { status: 200, error: null },
    ])
  })

  test('each time is not followed for ever', async () => {
    await endpoint()
    await ended()
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      expect(await claim()).toMatchObject([{ attempt }])
      await jobs.sql`update webhook_deliveries set lease_until = now() - interval '1 s'`
      await takeBackLost(jobs.sql)
    }
    expect(await states()).toEqual(['failed'])
  })
})

test('what came of an attempt is written once, however often it is tried', async () => {
  await endpoint()
  await ended()
  const [delivery] = await claim()
  if (!delivery) throw new Error('nothing was claimed')
  expect(await settle(delivery, 200)).toBe(true)
  expect(await settle(delivery, 500)).toBe(false)
  expect(await states()).toEqual(['delivered'])
})

test('messages go with their deliveries and attempts when they are old, and all of a deleted endpoint', async () => {
  const [old, deleted] = [await endpoint(), await endpoint()]
  await ended()
  for (const delivery of await claim()) await settle(delivery, 200)
  await jobs.sql`update webhook_messages set at = now() - interval '8 days'`
  await ended()
  await removeEndpoint(jobs.sql, 'default', deleted)
  await jobs.sql`update webhook_secrets set expires_at = now() - interval '1 s'`
  await expireWebhooks(jobs.sql, 7 * 24 * 3_600_000)
  const [left] = await jobs.sql`
    select (select count(*) from webhook_messages) as messages, (select count(*) from webhook_deliveries) as deliveries,
           (select count(*) from webhook_attempts) as attempts, (select count(*) from webhook_secrets) as secrets,
           array(select id from webhook_endpoints) as endpoints`
  expect(left).toEqual({ messages: 1, deliveries: 1, attempts: 0, secrets: 0, endpoints: [old] })
})

let counted = 0
function count(): number {
  return counted++
}
