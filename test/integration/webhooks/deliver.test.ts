import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cancelVideo } from '../../../src/jobs/cancel.ts'
import { removeVideo } from '../../../src/jobs/remove.ts'
import { retryVideo } from '../../../src/jobs/retry.ts'
import { startReceiver, verified } from '../../support/receiver.ts'
import { createWebhookSystem, failedOnce, type WebhookSystem } from './webhook-system.ts'

let system: WebhookSystem
beforeAll(async () => {
  system = await createWebhookSystem({ courier: true })
})
afterAll(() => system[Symbol.asyncDispose]())
afterEach(async () => {
  await system.sql`delete from webhook_endpoints`
})

test('an endpoint is told once of each end, in a body that GET /videos/{id} agrees with', async () => {
  await using receiver = await startReceiver()
  const { secret } = await system.create({ url: receiver.url() })
  const ended = new Map<string, string>()
  for (const how of ['completed', 'failed', 'cancelled'] as const)
    ended.set(`video.${how}`, await system.end(how))
  const messages = (await receiver.until(3)).map((request) => verified(secret, request))
  expect(new Map(messages.map(({ type, data }) => [type, data.video?.id]))).toEqual(ended)
  for (const { data, timestamp } of messages) {
    const { body } = await system.api.ask(`/videos/${data.video?.id}`)
    const {
      id,
      title,
      status,
      priority,
      source,
      metadata,
      error,
      created_at,
      started_at,
      completed_at,
      links,
    } = body
    const told = {
      id,
      title,
      status,
      priority,
      source,
      metadata,
      error,
      created_at,
      started_at,
      completed_at,
      links,
    }
    expect(data).toEqual({ video: told })
    expect(Math.abs(Date.parse(timestamp) - Date.parse(completed_at))).toBeLessThan(5_000)
  }
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  expect(receiver.received[0]).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
})

test('a changed body, another secret and a replay after five minutes are refused by the verifier', async () => {
  await using receiver = await startReceiver()
  const { secret } = await system.create({ url: receiver.url() })
  const other = await system.create({ url: receiver.url('/other'), events: ['webhook.disabled'] })
  await system.end('cancelled')
  const [sent] = await receiver.until(1)
  if (!sent) throw new Error('nothing came')
  verified(secret, sent)
  expect(() => verified(secret, { ...sent, body: sent.body.replace('cancelled', 'completed') })).toThrow(
    /signature/,
  )
  expect(() => verified(other.secret, sent)).toThrow(/signature/)
  const headers = (change: Record<string, string>) => ({ ...sent, headers: { ...sent.headers, ...change } })
  expect(() => verified(secret, headers({ 'webhook-id': 'msg_other' }))).toThrow(/signature/)
  const old = String(Number(sent.headers['webhook-timestamp']) - 301)
  expect(() => verified(secret, headers({ 'webhook-timestamp': old }))).toThrow('too old')
})

test('an endpoint hears of what it asked for only, and others hear of the same', async () => {
  await using receiver = await startReceiver()
  await system.create({ url: receiver.url('/failures'), events: ['video.failed'] })
  await system.create({ url: receiver.url('/all') })
  await system.end('cancelled')
  await system.end('failed')
  const paths = (await receiver.until(3)).map(({ path, body }) => `${path} ${JSON.parse(body).type}`)
  expect(paths.sort()).toEqual(['/all video.cancelled', '/all video.failed', '/failures video.failed'])
  const ids = receiver.received.filter(({ body }) => body.includes('"video.failed"'))
  expect(new Set(ids.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
})

describe('an attempt that fails', () => {
  test('is made again after growing pauses under the same id, until one succeeds', async () => {
    const statuses = [500, 404, 302, 204]
    await using receiver = await startReceiver((_, response) =>
      response.writeHead(statuses.shift() ?? 204, { location: receiver.url('/elsewhere') }).end(),
    )
    const { id, secret } = await system.create({ url: receiver.url() })
    await system.end('failed')
    const pauses: number[] = []
    for (const attempts of [1, 2, 3]) {
      await system.until(id, ({ state, attempts: made }) => state === 'waiting' && made.length === attempts)
      pauses.push(await system.pauseS(id))
      await system.passPauses()
    }
    const [delivery] = await system.until(id, ({ state }) => state === 'delivered')
    expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 404, 302, 204])
    for (const [index, least] of [5, 300, 1800].entries()) {
      expect(pauses[index]).toBeGreaterThan(least - 2)
      expect(pauses[index]).toBeLessThan(least * 1.2 + 2)
    }
    const requests = await receiver.until(4)
    expect(requests.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook', '/hook'])
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
    for (const request of requests) verified(secret, request)
  })

  test('holds up the later events of its video, and no other video', async () => {
    let refusing = true
    await using receiver = await startReceiver((_, response) =>
      response.writeHead(refusing ? 500 : 204).end(),
    )
    const { id } = await system.create({ url: receiver.url() })
    const video = await system.end('cancelled')
    await system.until(id, failedOnce)
    await retryVideo(system.sql, video, { changed: false })
    await cancelVideo(system.sql, video)
    const other = await system.end('failed')
    await system.until(id, (each) => each.video_id !== other || failedOnce(each))
    const told = () => receiver.received.map(({ body }) => JSON.parse(body).data.video.id)
    expect(told()).toEqual([video, other])
    refusing = false
    await system.passPauses()
    const all = await system.until(id, ({ state }) => state === 'delivered')
    expect(all.map(({ video_id }) => video_id)).toEqual([other, video, video])
    const ids = receiver.received
      .filter(({ body }) => body.includes(video))
      .map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([ids[0], ids[0], all[1]?.webhook_id])
  })

  test('waits as long as a 429 asks for, within bounds', async () => {
    const replies = [
      { status: 429, after: '3600' },
      { status: 503, after: '99999999' },
    ]
    await using receiver = await startReceiver((_, response) => {
      const { status, after } = replies.shift() ?? { status: 204, after: '' }
      response.writeHead(status, { 'retry-after': after }).end()
    })
    const { id } = await system.create({ url: receiver.url() })
    await system.end('failed')
    for (const [attempts, seconds] of [
      [1, 3_600],
      [2, 86_400],
    ] as const) {
      await system.until(id, (each) => each.state === 'waiting' && each.attempts.length === attempts)
      const pauseS = await system.pauseS(id)
      expect(pauseS).toBeGreaterThan(seconds - 5)
      expect(pauseS).toBeLessThan(seconds + 5)
      await system.passPauses()
    }
  })

  test('is the last after ten, and a person can have it sent once more', async () => {
    let status = 500
    await using receiver = await startReceiver((_, response) => response.writeHead(status).end())
    const { id } = await system.create({ url: receiver.url() })
    await system.end('failed')
    await system.until(id, failedOnce)
    await system.sql`update webhook_deliveries set attempt = 9, next_at = now()`
    const [failed] = await system.until(id, ({ state }) => state === 'failed')
    expect(failed?.next_at).toBeNull()
    status = 200
    const again = await system.api.ask(`/webhooks/${id}/deliveries/${failed?.id}/redeliver`, {
      method: 'POST',
    })
    expect(again).toMatchObject({ status: 202, body: { state: 'waiting', webhook_id: failed?.webhook_id } })
    const [delivered] = await system.until(id, ({ state }) => state === 'delivered')
    expect(delivered?.attempts.map((attempt) => attempt.status)).toEqual([500, 500, 200])
  })

  test('tells why in the log of deliveries, without an address behind a name', async () => {
    await using receiver = await startReceiver((_, response) => response.destroy())
    const gone = await startReceiver()
    await gone[Symbol.asyncDispose]()
    const reset = await system.create({ url: receiver.url() })
    const closed = await system.create({ url: `http://localhost:${gone.port}/hook` })
    const unknown = await system.create({ url: 'http://no-such-host.invalid/hook' })
    await system.end('failed')
    const reason = async ({ id }: { id: string }) => {
      const [delivery] = await system.until(id, failedOnce)
      return delivery?.attempts[0]
    }
    expect(await reason(reset)).toMatchObject({
      status: null,
      error: expect.stringMatching(/^the connection failed: \w+$/),
    })
    expect(await reason(closed)).toMatchObject({ error: 'the connection failed: ECONNREFUSED' })
    // How soon a name turns out not to exist is not ours.
    const failed = /^(the connection failed: E\w+|no answer within \d+ ms)$/
    expect(await reason(unknown)).toMatchObject({ status: null, error: expect.stringMatching(failed) })
  })
})

describe('a receiver that does not come to an end', () => {
  let brief: WebhookSystem
  beforeAll(async () => {
    brief = await createWebhookSystem({ courier: true, lead: { WEBHOOK_TIMEOUT_MS: 3_000 } })
  })
  afterAll(() => brief[Symbol.asyncDispose]())

  test('is cut off when its time is up', async () => {
    await using receiver = await startReceiver(() => {})
    const { id } = await brief.create({ url: receiver.url() })
    await brief.end('failed')
    const [delivery] = await brief.until(id, failedOnce)
    expect(delivery?.attempts[0]).toMatchObject({ status: null, error: 'no answer within 3000 ms' })
  })

  test('that answers 200 and then pours or drips for ever has been told', async () => {
    const piece = Buffer.alloc(64 * 1024, 'x')
    let pouring = 0
    await using receiver = await startReceiver(({ path }, response) => {
      response.writeHead(200)
      if (path === '/drip') return response.write('thanks')
      const pour = () => {
        do pouring += piece.length
        while (!response.destroyed && response.write(piece))
      }
      response.on('drain', pour)
      pour()
    })
    const pours = await brief.create({ url: receiver.url('/pour') })
    const drips = await brief.create({ url: receiver.url('/drip') })
    await brief.end('failed')
    const [poured] = await brief.until(pours.id, ({ state }) => state === 'delivered')
    expect(poured?.attempts).toMatchObject([{ status: 200, response: 'x'.repeat(1_000) }])
    const [dripped] = await brief.until(drips.id, ({ state }) => state === 'delivered')
    expect(dripped?.attempts).toMatchObject([{ status: 200, response: 'thanks' }])
    expect(pouring).toBeLessThan(64 * 2 ** 20)
  })
})

describe('a receiver that is no help', () => {
  test('that sends our signature, its own secrets or control characters back fills no row and no log with them', async () => {
    await using receiver = await startReceiver(({ headers, body }, response) => {
      const echo = `${headers['webhook-signature']} https://anna:pa55@example.org/x?token=t0k3n \u0000\u001b[31m ${body}`
      response.writeHead(400).end(echo)
    })
    const { id } = await system.create({ url: receiver.url('/hook?token=t0k3n') })
    await system.end('failed')
    const [delivery] = await system.until(id, failedOnce)
    const kept = JSON.stringify([delivery?.attempts, system.logged])
    expect(kept).toContain('<signature> https://example.org/x?<query>')
    expect(kept).not.toMatch(/v1,|pa55|t0k3n|\\u0000|\\u001b/)
  })

  test('that is dead holds up no other endpoint', async () => {
    await using dead = await startReceiver(() => {})
    await using alive = await startReceiver()
    await system.create({ url: dead.url() })
    await system.create({ url: alive.url() })
    await Promise.all(Array.from({ length: 12 }, () => system.end('cancelled')))
    await alive.until(12)
    await expect.poll(() => dead.connections()).toBeGreaterThan(0)
  })
})

describe('an endpoint that wants no more', () => {
  test('says so by 410: it is disabled, the rest is cancelled, and another endpoint is told', async () => {
    await using receiver = await startReceiver(({ path }, response) =>
      response.writeHead(path === '/gone' ? 410 : 204).end(),
    )
    const watcher = await system.create({ url: receiver.url('/watch'), events: ['webhook.disabled'] })
    const { id } = await system.create({ url: receiver.url('/gone') })
    const video = await system.end('failed')
    await system.until(id, ({ state }) => state === 'failed')
    const { body } = await system.api.ask(`/webhooks/${id}`)
    expect(body).toMatchObject({ disabled: true, disabled_reason: 'gone' })
    const [, told] = await receiver.until(2)
    if (!told) throw new Error('nobody was told')
    expect(verified(watcher.secret, told)).toMatchObject({
      type: 'webhook.disabled',
      data: { webhook: { id, url: receiver.url('/gone'), disabled_reason: 'gone' } },
    })
    await system.end('failed')
    expect((await system.deliveries(id)).map(({ video_id }) => video_id)).toEqual([video])
    const [delivery] = await system.deliveries(id)
    const again = await system.api.ask(`/webhooks/${id}/deliveries/${delivery?.id}/redeliver`, {
      method: 'POST',
    })
    expect(again).toMatchObject({ status: 409, body: { code: 'webhook_disabled' } })
  })

  test('and fails for five days is disabled with what waits for it; one success in between and it is not', async () => {
    let status = 500
    await using receiver = await startReceiver((_, response) => response.writeHead(status).end())
    const { id } = await system.create({ url: receiver.url() })
    const failing = async () => (await system.api.ask(`/webhooks/${id}`)).body
    await system.end('failed')
    await system.until(id, failedOnce)
    await expect.poll(async () => (await failing()).failing_since).not.toBeNull()
    status = 200
    await system.passPauses()
    await system.until(id, ({ state }) => state === 'delivered')
    expect(await failing()).toMatchObject({ failing_since: null, disabled: false })

    status = 500
    await system.end('failed')
    await expect.poll(async () => (await failing()).failing_since, { timeout: 10_000 }).not.toBeNull()
    await system.sql`update webhook_endpoints set failing_since = now() - interval '121 h' where id = ${id}`
    await system.end('failed')
    await system.until(id, ({ state }) => state === 'delivered' || state === 'cancelled')
    expect(await failing()).toMatchObject({ disabled: true, disabled_reason: 'failing' })
    const enabled = await system.api.ask(`/webhooks/${id}`, { json: { disabled: false }, method: 'PATCH' })
    expect(enabled.body).toMatchObject({ disabled: false, failing_since: null })
  })

  test('because its owner disabled or deleted it hears nothing, also of what waited', async () => {
    let refusing = true
    await using receiver = await startReceiver((_, response) =>
      response.writeHead(refusing ? 500 : 204).end(),
    )
    const disabled = await system.create({ url: receiver.url('/disabled') })
    const deleted = await system.create({ url: receiver.url('/deleted') })
    await system.end('failed')
    for (const { id } of [disabled, deleted]) await system.until(id, failedOnce)
    refusing = false
    await system.api.ask(`/webhooks/${disabled.id}`, { json: { disabled: true }, method: 'PATCH' })
    expect((await system.api.ask(`/webhooks/${deleted.id}`, { method: 'DELETE' })).status).toBe(204)
    await system.passPauses()
    await system.end('failed')
    await system.until(disabled.id, ({ state }) => state === 'cancelled')
    const states = () => system.sql`select state from webhook_deliveries where endpoint_id = ${deleted.id}`
    await expect.poll(states, { timeout: 10_000 }).toEqual([{ state: 'cancelled' }])
    expect(receiver.received).toHaveLength(2)
    expect((await system.api.ask(`/webhooks/${deleted.id}`)).status).toBe(404)
  })
})

test('a video that is deleted right after its end is told of all the same', async () => {
  await using receiver = await startReceiver()
  const { secret } = await system.create({ url: receiver.url() })
  const video = await system.end('completed')
  await removeVideo(system.sql, video)
  const [told] = await receiver.until(1)
  if (!told) throw new Error('nothing came')
  expect(verified(secret, told).data.video).toMatchObject({ id: video, status: 'completed' })
})

test('secrets rotate without a gap: for a while both sign, and none but the last two', async () => {
  await using receiver = await startReceiver()
  const { id, secret: first } = await system.create({ url: receiver.url() })
  const rotate = async (fields: object) => {
    const { body } = await system.api.ask(`/webhooks/${id}/rotate`, { json: fields })
    return String(body.secret)
  }
  const signers = async (secrets: string[]) => {
    const before = receiver.received.length
    await system.end('cancelled')
    const sent = (await receiver.until(before + 1)).at(-1)
    if (!sent) throw new Error('nothing came')
    expect(sent.headers['webhook-signature']?.split(' ').length).toBeLessThanOrEqual(2)
    return secrets.filter((secret) => {
      try {
        return verified(secret, sent)
      } catch {
        return false
      }
    })
  }
  expect(await signers([first])).toEqual([first])
  const second = await rotate({})
  expect(await signers([first, second])).toEqual([first, second])
  const third = await rotate({})
  expect(await signers([first, second, third])).toEqual([second, third])
  await system.sql`update webhook_secrets set expires_at = now() where expires_at is not null`
  expect(await signers([first, second, third])).toEqual([third])
  const fourth = await rotate({ overlap_s: 0 })
  expect(await signers([third, fourth])).toEqual([fourth])
})

test('a test is sent to one endpoint alone, whatever that listens to', async () => {
  await using receiver = await startReceiver()
  const { id, secret } = await system.create({ url: receiver.url(), events: ['video.failed'] })
  await system.create({ url: receiver.url('/other') })
  const { status, body } = await system.api.ask(`/webhooks/${id}/test`, { method: 'POST' })
  expect(status).toBe(202)
  expect(body).toMatchObject({ type: 'webhook.test', state: 'waiting', video_id: null, attempts: [] })
  await system.until(id, ({ state }) => state === 'delivered')
  expect(receiver.received).toHaveLength(1)
  const [sent] = receiver.received
  expect(sent && verified(secret, sent)).toMatchObject({ type: 'webhook.test', data: { webhook: { id } } })
})

describe('a job with an address of its own', () => {
  const job = (url: string) => ({ source: { url: 'http://127.0.0.1:1/film.mp4' }, webhook_url: url })

  test('needs a secret that is there before it, which then signs what goes there', async () => {
    await using receiver = await startReceiver()
    const refused = await system.api.ask('/jobs', { json: job(receiver.url()) })
    expect(refused).toMatchObject({ status: 409, body: { code: 'no_job_webhook' } })
    const { id, secret } = await system.create({ per_job: true })
    const { body: video } = await system.api.ask('/jobs', { json: job(receiver.url('/of-this-job?n=1')) })
    await cancelVideo(system.sql, video.id)
    await system.end('cancelled')
    const [sent] = await receiver.until(1)
    expect(sent?.path).toBe('/of-this-job?n=1')
    expect(sent && verified(secret, sent).data.video?.id).toBe(video.id)
    const [delivery] = await system.until(id, ({ state }) => state === 'delivered')
    expect(delivery).toMatchObject({ video_id: video.id, url: receiver.url('/of-this-job?n=1') })
  })

  test('that is gone stops nothing but itself', async () => {
    await using receiver = await startReceiver(({ path }, response) =>
      response.writeHead(path === '/gone' ? 410 : 204).end(),
    )
    const { id } = await system.create({ per_job: true })
    for (const path of ['/gone', '/there']) {
      const { body } = await system.api.ask('/jobs', { json: job(receiver.url(path)) })
      await cancelVideo(system.sql, body.id)
    }
    const all = await system.until(id, ({ state }) => state === 'delivered' || state === 'failed')
    expect(all.map(({ state }) => state)).toEqual(['delivered', 'failed'])
    expect((await system.api.ask(`/webhooks/${id}`)).body).toMatchObject({
      disabled: false,
      failing_since: null,
    })
  })

  test('can be tried beforehand', async () => {
    await using receiver = await startReceiver()
    const { id, secret } = await system.create({ per_job: true })
    const none = await system.api.ask(`/webhooks/${id}/test`, { method: 'POST' })
    expect(none).toMatchObject({ status: 422, body: { errors: [{ path: 'url' }] } })
    await system.api.ask(`/webhooks/${id}/test`, { json: { url: receiver.url() } })
    const [sent] = await receiver.until(1)
    expect(sent && verified(secret, sent).type).toBe('webhook.test')
  })
})
