import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUpload } from '../../../src/jobs/create-upload.ts'
import { documentedRoutes } from '../../support/documented-routes.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'
import {
  bearer,
  completedVideoOf,
  type Keys,
  makeKeys,
  untilClosed,
  videoOf,
  webhookOf,
} from './keyed-api.ts'

type Request = { method?: string; path: string; json?: unknown }
/** What the right key gets; `other`: what the key of another owner gets for the same. */
type Asked = Request & { right: number; code?: string }
/** How to ask for something of Anna's; what a key must be for comes out of the reference. */
type Rule = {
  /** `row`: it is about one row, which for others does not exist. `own`: it is about the caller's rows alone. `all`: it is no owner's. */
  owner: 'row' | 'own' | 'all'
  /** The code that another owner gets where `owner` is `row`. */
  hidden?: string
  /** A fresh request about something of Anna's. */
  ask: () => Promise<Asked>
}

let api: ApiUnderTest
let keys: Keys
beforeAll(async () => {
  api = await startApi()
  keys = await makeKeys(api.sql)
  await untilClosed(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const completed = (path: string, right = 200): Rule => ({
  owner: 'row',
  hidden: 'video_not_found',
  ask: async () => ({ path: path.replace('{id}', await completedVideoOf(api.sql, 'anna')), right }),
})
const changed = (method: string, path: string, status: string, right = 200): Rule => ({
  owner: 'row',
  hidden: 'video_not_found',
  ask: async () => {
    const id = await videoOf(api.sql, 'anna', { status })
    // A URL that was never fetched: a retry has no source to look at.
    return { method, path: path.replace('{id}', id), right }
  },
})
const uploaded = (method: string, path: string, right: number, json?: unknown): Rule => ({
  owner: 'row',
  hidden: 'upload_not_found',
  ask: async () => {
    const fields = { owner: 'anna', filename: null, sizeBytes: null, contentType: null }
    const { id } = await createUpload(api.sql, 3_600, fields)
    return { method, path: path.replace('{id}', id), right, json }
  },
})
const sourced = (path: string, right: number, code?: string): Rule => ({
  owner: 'row',
  hidden: 'source_not_found',
  ask: async () => {
    const fields = { owner: 'anna', filename: null, sizeBytes: null, contentType: null }
    const { key } = await createUpload(api.sql, 3_600, fields)
    await putObject(api, key, 'no film')
    return { method: 'POST', path, json: { source: { key } }, right, ...(code !== undefined && { code }) }
  },
})
/** `{delivery}` is one of a test that was asked for. */
const hooked = (method: string, path: string, right: number, json?: unknown): Rule => ({
  owner: 'row',
  hidden: 'webhook_not_found',
  ask: async () => {
    const { id, delivery } = await webhookOf(api.sql, 'anna')
    return { method, path: path.replace('{id}', id).replace('{delivery}', `${delivery}`), right, json }
  },
})
const plain = (owner: 'own' | 'all', path: string, right = 200): Rule => ({
  owner,
  ask: async () => ({ path, right }),
})

/** One for each route of the reference that asks who comes; one that is missing here fails the test below. */
const rules: Record<string, Rule> = {
  'POST /jobs': sourced('/jobs', 201),
  'POST /probe': sourced('/probe', 422, 'unsupported_container'),
  'POST /uploads': {
    ...plain('own', '/uploads'),
    ask: async () => ({ method: 'POST', path: '/uploads', right: 201 }),
  },
  'POST /uploads/{id}/sign': uploaded('POST', '/uploads/{id}/sign', 200, { method: 'PUT' }),
  'GET /uploads/{id}': uploaded('GET', '/uploads/{id}', 200),
  'DELETE /uploads/{id}': uploaded('DELETE', '/uploads/{id}', 204),
  'POST /videos/{id}/cancel': changed('POST', '/videos/{id}/cancel', 'queued'),
  'POST /videos/{id}/retry': changed('POST', '/videos/{id}/retry', 'failed'),
  'DELETE /videos/{id}': changed('DELETE', '/videos/{id}', 'queued', 204),
  'GET /videos': plain('own', '/videos'),
  'GET /progress': plain('own', '/progress'),
  'GET /videos/{id}': completed('/videos/{id}'),
  'GET /videos/{id}/events': completed('/videos/{id}/events'),
  'GET /videos/{id}/runs': completed('/videos/{id}/runs'),
  'GET /progress/{id}': completed('/progress/{id}'),
  'GET /videos/{id}/hls/master.m3u8': completed('/videos/{id}/hls/master.m3u8'),
  'GET /videos/{id}/hls/{file}': completed('/videos/{id}/hls/360p.m3u8'),
  'GET /videos/{id}/dash/manifest.mpd': completed('/videos/{id}/dash/manifest.mpd'),
  'GET /videos/{id}/mp4/{rung}': { ...completed('/videos/{id}/mp4/360p', 302), hidden: 'mp4_not_found' },
  'GET /videos/{id}/poster.jpg': completed('/videos/{id}/poster.jpg', 302),
  'GET /videos/{id}/storyboard.vtt': completed('/videos/{id}/storyboard.vtt'),
  'GET /videos/{id}/sprites/{file}': completed('/videos/{id}/sprites/0.jpg', 302),
  'POST /webhooks': {
    ...plain('own', '/webhooks'),
    ask: async () => ({
      ...{ method: 'POST', path: '/webhooks', right: 201 },
      json: { url: 'https://example.com/hook' },
    }),
  },
  'GET /webhooks': plain('own', '/webhooks'),
  'GET /webhooks/{id}': hooked('GET', '/webhooks/{id}', 200),
  'PATCH /webhooks/{id}': hooked('PATCH', '/webhooks/{id}', 200, { description: 'mine' }),
  'DELETE /webhooks/{id}': hooked('DELETE', '/webhooks/{id}', 204),
  'POST /webhooks/{id}/rotate': hooked('POST', '/webhooks/{id}/rotate', 200),
  'POST /webhooks/{id}/test': hooked('POST', '/webhooks/{id}/test', 202),
  'GET /webhooks/{id}/deliveries': hooked('GET', '/webhooks/{id}/deliveries', 200),
  'POST /webhooks/{id}/deliveries/{delivery}/redeliver': hooked(
    'POST',
    '/webhooks/{id}/deliveries/{delivery}/redeliver',
    202,
  ),
  'GET /system': plain('all', '/system'),
  'GET /profiles': plain('all', '/profiles'),
  'GET /limits': plain('all', '/limits'),
}
/** The others, with what each answers to who shows nothing. */
const openToAll: Record<string, Asked> = {
  'GET /': { path: '/', right: 200 },
  'GET /embed/{id}': { path: '/embed/x', right: 200 },
  'GET /docs': { path: '/docs', right: 200 },
  'GET /openapi.json': { path: '/openapi.json', right: 200 },
  'GET /healthz': { path: '/healthz', right: 200 },
  'GET /readyz': { path: '/readyz', right: 200 },
  'POST /session': { method: 'POST', path: '/session', json: { key: 'none' }, right: 401 },
  'GET /session': { path: '/session', right: 200 },
  'DELETE /session': { method: 'DELETE', path: '/session', right: 204 },
}

async function send({ method = 'GET', path, json }: Request, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  const init = { method, signal: stop.signal, headers }
  const response = await api.request(path, json === undefined ? init : { ...init, json })
  const isEndless = response.ok && response.headers.get('content-type') === 'text/event-stream'
  const text = isEndless ? '' : await response.text()
  stop.abort()
  return { status: response.status, text, headers: response.headers }
}
const codeIn = (text: string): string => JSON.parse(text).code

const routes = documentedRoutes()

test('every route of the reference has its rule', () => {
  const closed = routes.filter(({ scope }) => scope !== null)
  expect(Object.keys(rules).sort()).toEqual(closed.map(({ name }) => name).sort())
  const open = routes.filter(({ scope }) => scope === null)
  expect(Object.keys(openToAll).sort()).toEqual(open.map(({ name }) => name).sort())
})

const cases = routes.flatMap(({ name, scope }) => {
  const rule = rules[name]
  return scope !== null && rule ? [{ name, scope, rule }] : []
})

describe.each(cases)('$name', ({ scope, rule }) => {
  test('refuses who shows no key, or one that does not count, with 401', async () => {
    const asked = await rule.ask()
    const refused = [
      {},
      ...[keys.unknown, keys.wrongSecret, keys.revoked, keys.expired, 'nonsense', ''].map(bearer),
      { authorization: `Basic ${Buffer.from(keys.anna).toString('base64')}` },
      { authorization: keys.anna },
      { cookie: 'stepladder_session=nonsense' },
      { cookie: `stepladder_session=${keys.anna}` },
    ]
    for (const headers of refused) {
      const { status, text, headers: answered } = await send(asked, headers)
      expect([status, codeIn(text), answered.get('www-authenticate')]).toEqual([
        401,
        'unauthenticated',
        'Bearer realm="stepladder"',
      ])
    }
    const first = await send({ ...asked, path: `${asked.path}?token=nonsense` })
    expect(first.status).toBe(401)
    // Nothing of it was done: it still answers as it would have.
    expect((await send(asked, bearer(keys.anna))).status).toBe(asked.right)
  })

  test('refuses a key that is for something else with 403', async () => {
    if (scope === 'any') return
    const asked = await rule.ask()
    const { status, text } = await send(asked, bearer(keys.lacking(scope)))
    expect([status, codeIn(text)]).toEqual([403, 'scope_missing'])
    expect((await send(asked, bearer(keys.anna))).status).toBe(asked.right)
  })

  test('answers a key that is for it', async () => {
    const asked = await rule.ask()
    const key = keys.single(scope === 'any' ? 'admin' : scope)
    const { status, text } = await send(asked, bearer(key))
    expect(status, text).toBe(asked.right)
    if (asked.code !== undefined) expect(codeIn(text)).toBe(asked.code)
  })

  test("knows nothing of another owner's", async () => {
    const asked = await rule.ask()
    const { status, text } = await send(asked, bearer(keys.bert))
    if (rule.owner === 'row') {
      expect([status, codeIn(text)]).toEqual([rule.hidden === 'source_not_found' ? 422 : 404, rule.hidden])
      expect(text).not.toMatch(/anna/)
      expect((await send(asked, bearer(keys.anna))).status).toBe(asked.right)
    } else {
      expect(status).toBe(asked.right)
      if (rule.owner === 'own') expect(text).not.toMatch(/anna/)
    }
  })
})

describe.each(Object.entries(openToAll))('%s', (_, asked) => {
  test('is open to all', async () => {
    expect((await send(asked)).status).toBe(asked.right)
  })
})
