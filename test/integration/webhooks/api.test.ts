import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createWebhookSystem, type WebhookSystem } from './webhook-system.ts'

// Without a courier: nothing is sent, so that what waits stays.
let system: WebhookSystem
beforeAll(async () => {
  system = await createWebhookSystem({ courier: false, lead: { FETCH_PRIVATE_ADDRESSES: false } })
})
afterAll(() => system[Symbol.asyncDispose]())
afterEach(async () => {
  await system.sql`truncate webhook_endpoints cascade`
})

const url = 'https://example.org/hook?token=x'
const ask = (path: string, init?: Parameters<WebhookSystem['api']['ask']>[1]) => system.api.ask(path, init)
const refused = (path: string, message: string | RegExp) => ({
  status: 422,
  body: { code: 'invalid_request', errors: [{ path, message: expect.stringMatching(message) }] },
})

describe('POST /webhooks', () => {
  test('makes one with defaults, and shows its secret this once', async () => {
    const { status, headers, body } = await ask('/webhooks', { json: { url } })
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/webhooks/${body.id}`)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      ...{ id: body.id, url, per_job: false, description: null, disabled: false, disabled_at: null },
      events: ['video.completed', 'video.failed', 'video.cancelled'],
      ...{ disabled_reason: null, failing_since: null, created_at: body.created_at, secret: body.secret },
    })
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const { secret, ...shown } = body
    expect(await ask(`/webhooks/${body.id}`)).toMatchObject({ status: 200, body: shown })
    const { body: all } = await ask('/webhooks')
    expect(all).toEqual({ webhooks: [shown] })
  })

  test('keeps an address as it is written in full, without its fragment', async () => {
    const { body } = await ask('/webhooks', {
      json: { url: 'HTTPS://Exämple.org:443/a b/../%7Ec#part'.replace(' ', '') },
    })
    expect(body.url).toBe('https://xn--exmple-cua.org/%7Ec')
  })

  test.for<[unknown, string, string | RegExp]>([
    [{}, '', 'must have either url or per_job'],
    [{ url, per_job: true }, '', 'must have either url or per_job'],
    [{ per_job: false }, 'per_job', 'must be true'],
    [{ url: 'ftp://example.org/' }, 'url', 'must be an http or https URL'],
    [{ url: 'javascript:alert(1)' }, 'url', 'must be an http or https URL'],
    [{ url: 'file:///etc/passwd' }, 'url', 'must be an http or https URL'],
    [{ url: '//example.org' }, 'url', 'must be an http or https URL'],
    [{ url: 'https://' }, 'url', 'must be an http or https URL'],
    [{ url: 'https://example.org/\r\nX-Evil: 1' }, 'url', 'must be an http or https URL'],
    [{ url: 'https://example.org/\u0000' }, 'url', 'must be an http or https URL'],
    [{ url: `https://example.org/${'x'.repeat(2_048)}` }, 'url', '2048 characters'],
    [{ url: 'https://anna:pa55@example.org/' }, 'url', 'must have no user and password'],
    [{ url: 'https://anna@example.org/' }, 'url', 'must have no user and password'],
    [{ url: 17 }, 'url', /./],
    [{ url: null }, 'url', /./],
    [{ url, events: [] }, 'events', 'must have one at least'],
    [{ url, events: ['video.deleted'] }, 'events.0', 'must be one of video.completed'],
    [{ url, events: Array(21).fill('video.failed') }, 'events', /./],
    [{ url, description: 'two\nlines' }, 'description', 'must be one line'],
    [{ url, description: 'x'.repeat(301) }, 'description', '300 characters'],
    [{ url, disabled: 'yes' }, 'disabled', /./],
    [{ url, secret: 'whsec_mine' }, 'secret', 'is not a known field'],
  ])('refuses %j', async ([fields, path, message]) => {
    expect(await ask('/webhooks', { json: fields })).toMatchObject(refused(path, message))
    expect(await system.sql`select from webhook_endpoints`).toHaveLength(0)
  })

  test('takes one for the addresses of jobs, fifty in all, and tells that there are more', async () => {
    expect((await ask('/webhooks', { json: { per_job: true } })).body).toMatchObject({
      url: null,
      per_job: true,
    })
    const second = await ask('/webhooks', { json: { per_job: true } })
    expect(second).toMatchObject({ status: 409, body: { code: 'webhook_exists' } })
    for (let made = 1; made < 50; made++) await system.create({ url })
    const more = await ask('/webhooks', { json: { url } })
    expect(more).toMatchObject({ status: 409, body: { code: 'too_many_webhooks' } })
  })
})

describe('PATCH /webhooks/{id}', () => {
  const patch = (id: string, fields: unknown) => ask(`/webhooks/${id}`, { json: fields, method: 'PATCH' })

  test('changes what is given and leaves the rest', async () => {
    const { id } = await system.create({ url, description: 'mine' })
    const { body: before } = await ask(`/webhooks/${id}`)
    expect((await patch(id, { events: ['video.failed', 'video.failed'] })).body).toEqual({
      ...before,
      events: ['video.failed'],
    })
    expect((await patch(id, { url: 'http://example.org/2', description: null })).body).toMatchObject({
      ...{ url: 'http://example.org/2', description: null, events: ['video.failed'] },
    })
    const { body: off } = await patch(id, { disabled: true })
    expect(off).toMatchObject({ disabled: true, disabled_reason: 'asked', disabled_at: expect.any(String) })
    expect((await patch(id, { disabled: true })).body).toEqual(off)
    expect((await patch(id, { disabled: false })).body).toMatchObject({
      disabled: false,
      disabled_reason: null,
      disabled_at: null,
    })
  })

  test('refuses nothing at all, inner addresses, and an address for the one that has none', async () => {
    const { id } = await system.create({ url })
    expect(await patch(id, {})).toMatchObject(refused('', 'must have one field at least'))
    expect(await patch(id, { url: 'http://127.1/' })).toMatchObject(refused('url', 'public address'))
    expect(await patch(id, { disabled: true, per_job: true })).toMatchObject(
      refused('per_job', 'not a known field'),
    )
    const perJob = await system.create({ per_job: true })
    expect(await patch(perJob.id, { url })).toMatchObject(refused('url', 'cannot be given'))
  })
})

test('secrets are shown by no other route, and go with the endpoint', async () => {
  const { id, secret } = await system.create({ url })
  const rotated = await ask(`/webhooks/${id}/rotate`, { json: { overlap_s: 60 } })
  expect(rotated.headers.get('cache-control')).toBe('no-store')
  expect(rotated.body.secret).not.toBe(secret)
  await ask(`/webhooks/${id}/test`, { method: 'POST' })
  for (const path of ['/webhooks', `/webhooks/${id}`, `/webhooks/${id}/deliveries`]) {
    expect(JSON.stringify((await ask(path)).body)).not.toContain('whsec_')
  }
  expect(await ask(`/webhooks/${id}`, { method: 'DELETE' })).toMatchObject({ status: 204 })
  expect(await system.sql`select from webhook_secrets`).toHaveLength(0)
})

test.for([-1, 1.5, 604_801, '60', null])('a rotation refuses an overlap of %j seconds', async (overlap_s) => {
  const { id } = await system.create({ url })
  expect(await ask(`/webhooks/${id}/rotate`, { json: { overlap_s } })).toMatchObject(
    refused('overlap_s', /./),
  )
})

test('what does not exist, is deleted, is somebody else’s or no id is told apart from what is', async () => {
  const { id } = await system.create({ url })
  const foreign = await system.create({ url })
  await system.sql`update webhook_endpoints set owner = 'somebody' where id = ${foreign.id}`
  const deleted = await system.create({ url })
  await ask(`/webhooks/${deleted.id}`, { method: 'DELETE' })
  const none = '01234567-89ab-7def-8123-456789abcdef'
  for (const missing of [none, foreign.id, deleted.id]) {
    const path = `/webhooks/${missing}`
    const answers = await Promise.all([
      ask(path),
      ask(path, { json: { disabled: true }, method: 'PATCH' }),
      ask(path, { method: 'DELETE' }),
      ask(`${path}/rotate`, { method: 'POST' }),
      ask(`${path}/test`, { method: 'POST' }),
      ask(`${path}/deliveries`),
      ask(`${path}/deliveries/1/redeliver`, { method: 'POST' }),
    ])
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 404, body: { code: 'webhook_not_found' } })
  }
  expect((await ask('/webhooks')).body.webhooks).toMatchObject([{ id }])
  expect(await ask('/webhooks/1')).toMatchObject({ status: 400, body: { code: 'invalid_id' } })
  expect(await ask(`/webhooks/${id}`, { method: 'PUT' })).toMatchObject({ status: 405 })
  for (const delivery of ['0', '-1', '1', '1e3', '9'.repeat(30), 'x', none]) {
    const answer = await ask(`/webhooks/${id}/deliveries/${delivery}/redeliver`, { method: 'POST' })
    expect(answer).toMatchObject({ status: 404, body: { code: 'delivery_not_found' } })
  }
})

describe('GET /webhooks/{id}/deliveries', () => {
  test('tells of every delivery once, page by page, the latest first, also while more come', async () => {
    const { id } = await system.create({ url })
    const other = await system.create({ url })
    const videos: string[] = []
    for (let made = 0; made < 5; made++) videos.push(await system.end('cancelled'))
    const seen: string[] = []
    let path: string | undefined = `/webhooks/${id}/deliveries?limit=2`
    while (path) {
      const { body, headers }: Awaited<ReturnType<typeof ask>> = await ask(path)
      seen.push(...body.deliveries.map(({ video_id }: { video_id: string }) => video_id))
      path = /<(.*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
      expect(path === undefined).toBe(body.next_cursor === null)
      await system.end('failed')
    }
    expect(seen).toEqual(videos.toReversed())
    expect((await system.deliveries(other.id))[0]).toMatchObject({
      type: 'video.failed',
      state: 'waiting',
      attempts: [],
    })
  })

  test.for(['limit=0', 'limit=101', 'limit=x', 'cursor=x', 'cursor=LTE', 'cursor=IngiCg', 'state=failed'])(
    'refuses ?%s',
    async (query) => {
      const { id } = await system.create({ url })
      expect(await ask(`/webhooks/${id}/deliveries?${query}`)).toMatchObject({ status: 422 })
    },
  )
})

test('a delivery that waits is redelivered without the wait, and one on its way is left alone', async () => {
  const { id } = await system.create({ url })
  await system.end('cancelled')
  await system.sql`update webhook_deliveries set attempt = 3, next_at = now() + interval '1 h'`
  const [delivery] = await system.deliveries(id)
  const path = `/webhooks/${id}/deliveries/${delivery?.id}/redeliver`
  const { status, body } = await ask(path, { method: 'POST' })
  expect(status).toBe(202)
  expect(Date.parse(body.next_at)).toBeLessThan(Date.now() + 60_000)
  expect(await system.sql`select attempt from webhook_deliveries`).toEqual([{ attempt: 3 }])
  await system.sql`update webhook_deliveries set state = 'sending', lease_until = now() + interval '1 h'`
  expect(await ask(path, { method: 'POST' })).toMatchObject({
    status: 409,
    body: { code: 'delivery_in_progress' },
  })
})

test('an address of a job is checked like any other, and a dry run takes it without a secret', async () => {
  const job = (webhook_url: unknown) =>
    ask('/jobs', { json: { source: { url: 'https://example.org/' }, webhook_url } })
  expect(await job('https://a:b@example.org/')).toMatchObject(refused('webhook_url', 'no user and password'))
  expect(await job('http://[::1]/')).toMatchObject(refused('webhook_url', 'public address'))
  expect(await job(7)).toMatchObject(refused('webhook_url', /./))
  expect(await job(url)).toMatchObject({ status: 409, body: { code: 'no_job_webhook' } })
  const { id } = await system.create({ per_job: true })
  expect((await job(url)).status).toBe(201)
  await ask(`/webhooks/${id}`, { json: { disabled: true }, method: 'PATCH' })
  expect(await job(url)).toMatchObject({ status: 409, body: { code: 'no_job_webhook' } })
})
