import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createKey, revokeKey } from '../../../src/auth/api-keys.ts'
import { createTokenSecret } from '../../../src/auth/token-secret.ts'
import { documentedRoutes } from '../../support/documented-routes.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { bearer, completedVideoOf, type Keys, makeKeys, untilClosed, videoOf } from './keyed-api.ts'

let api: ApiUnderTest
let keys: Keys
let id: string
beforeAll(async () => {
  api = await startApi()
  keys = await makeKeys(api.sql)
  await untilClosed(api)
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  id = await completedVideoOf(api.sql, 'anna')
})

async function videoBy(key = keys.anna) {
  return (await api.ask(`/videos/${id}`, { headers: bearer(key) })).body
}
const tokenIn = (address: string) => new URL(address, api.url).searchParams.get('token') ?? ''
const statusOf = async (path: string, init: RequestInit = {}) => {
  const response = await api.request(path, init)
  await response.body?.cancel()
  return response.status
}

test('every address for players carries a token and answers without a key, and so do those in its playlists', async () => {
  const { links, resolutions } = await videoBy()
  for (const path of [links.hls, links.dash, links.poster, links.storyboard, links.progress, links.embed]) {
    expect(path).toMatch(/\?token=[\w-]+\.[\w-]+\.[\w-]+$/)
    expect([200, 302]).toContain(await statusOf(path))
  }
  expect(await statusOf(resolutions[0].mp4_url)).toBe(302)
  // A player may be on any site, and the event source beside it.
  for (const path of [links.hls, links.progress]) {
    expect((await api.request(path)).headers.get('access-control-allow-origin')).toBe('*')
  }
  const own = await api.request(`/progress/${id}`, { headers: bearer(keys.anna) })
  expect(own.headers.get('access-control-allow-origin')).toBeNull()
  expect([links.self, links.page].join()).not.toContain('token')

  const master = await (await api.request(links.hls)).text()
  const listed = [...master.matchAll(/^(?!#)(.+)$|URI="([^"]+)"/gm)].map(
    ([, line, quoted]) => line ?? quoted ?? '',
  )
  expect(listed).not.toEqual([])
  for (const uri of listed)
    expect(await statusOf(new URL(uri, api.url + links.hls).href.slice(api.url.length))).toBe(200)

  const cues = await (await api.request(links.storyboard)).text()
  const [sheet = ''] = /sprites\/[^#\s]+/.exec(cues) ?? []
  // Players drop a query.
  expect(sheet).toMatch(/^sprites\/0~[\w.-]+\.jpg$/)
  expect(await statusOf(`/videos/${id}/${sheet}`)).toBe(302)
  expect(await statusOf(`/videos/${id}/${sheet.replace('.jpg', 'x.jpg')}`)).toBe(401)
})

test('the address is the same for an hour, and a playlist asked for with a key hands on no token', async () => {
  // The hour may turn between two requests, but not twice.
  const [first, second, third] = [await videoBy(), await videoBy(), await videoBy()].map(
    ({ links }) => links.hls,
  )
  expect([first, third]).toContain(second)
  const master = await api.request(`/videos/${id}/hls/master.m3u8`, { headers: bearer(keys.anna) })
  expect(await master.text()).not.toContain('token=')
})

test('a link opens one video, on the routes for players alone', async () => {
  const token = tokenIn((await videoBy()).links.hls)
  const other = await completedVideoOf(api.sql, 'anna')
  expect(await statusOf(`/videos/${other}/hls/master.m3u8?token=${token}`)).toBe(401)
  expect(await statusOf(`/progress/${other}?token=${token}`)).toBe(401)
  for (const { name, scope, link, method, addressOf } of documentedRoutes()) {
    if (link || scope === null) continue
    const address = `${addressOf({ id, file: '360p.m3u8', rung: '360p' })}?token=${token}`
    expect([name, await statusOf(address, { method })]).toEqual([name, 401])
  }
  expect(await statusOf(`/videos/${id}`, { headers: bearer(token) })).toBe(401)
  expect(await statusOf(`/videos/${id}`, { headers: { cookie: `stepladder_session=${token}` } })).toBe(401)
})

test('who came by a link sees what a player shows, and gets no token that holds longer', async () => {
  const { links } = await videoBy()
  const token = tokenIn(links.hls)
  const { status, body } = await api.ask(`/videos/${id}?token=${token}`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    title: 'of anna',
    source: { kind: 'url', url: null, key: null, size_bytes: null },
    ...{ metadata: {}, plan: null, findings: null },
  })
  expect(JSON.stringify(body)).not.toMatch(/secret of the owner|example\.org/)
  expect(tokenIn(body.links.hls)).toBe(token)
})

test('a link ends with its key', async () => {
  const { key, text } = await createKey(api.sql, {
    name: 'x',
    owner: 'anna',
    scopes: ['read'],
    expiresInS: null,
  })
  const { links } = await videoBy(text)
  expect(await statusOf(links.hls)).toBe(200)
  await revokeKey(api.sql, key.id)
  await expect.poll(() => statusOf(links.hls)).toBe(401)
})

test('a browser exchanges its key for a cookie that no script reads, and gives it back', async () => {
  const answer = await api.request('/session', { json: { key: ` ${keys.anna}\n` } })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    key_id: keys.annaId,
    owner: 'anna',
    scopes: ['submit', 'read', 'admin'],
  })
  const header = answer.headers.get('set-cookie') ?? ''
  expect(header).toMatch(/^stepladder_session=[\w.-]+; .*HttpOnly; SameSite=Strict$/)
  expect(header).not.toContain(keys.anna)
  const cookie = header.split(';')[0] ?? ''
  expect(await statusOf('/videos', { headers: { cookie } })).toBe(200)
  const told = await api.ask('/session', { headers: { cookie } })
  expect(told.body).toMatchObject({ owner: 'anna', expires_at: expect.any(String) })
  // A key in the header counts alone.
  expect(await statusOf('/videos', { headers: { cookie, ...bearer(keys.unknown) } })).toBe(401)

  const gone = await api.request('/session', { method: 'DELETE', headers: { cookie } })
  expect([gone.status, gone.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')])
  const behindTls = { json: { key: keys.anna }, headers: { 'x-forwarded-proto': 'https' } }
  expect((await api.request('/session', behindTls)).headers.get('set-cookie')).toContain('Secure')
})

test.each([
  ['unknown', { key: 'x' }, 401],
  ['without its secret', { key: '0123456789abcdef.' }, 401],
  ['that is no text', { key: 7 }, 422],
  ['that is endless', { key: 'x'.repeat(10_000) }, 422],
  ['with more beside it', { key: 'x', owner: 'anna' }, 422],
])('a key %s gives no session', async (_, json, status) => {
  const answer = await api.request('/session', { json })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null])
})

test('who is not signed in is told so without an error, and a page of another site signs nobody in', async () => {
  const { status, body } = await api.ask('/session')
  expect([status, body]).toEqual([200, { key_id: null, owner: null, scopes: [], expires_at: null }])
  const headers = { 'sec-fetch-site': 'cross-site' }
  expect((await api.ask('/session', { json: { key: keys.anna }, headers })).status).toBe(403)
})

test('readiness tells its reasons to keys alone', async () => {
  const stranger = await api.ask('/readyz')
  const known = await api.ask('/readyz', { headers: bearer(keys.anna) })
  expect(Object.keys(stranger.body.checks)).toEqual(Object.keys(known.body.checks))
  expect(stranger.body.checks.workers).toEqual({
    status: 'warning',
    message: 'Ask with a key for the reason.',
  })
  expect(known.body.checks.workers.message).toMatch(/worker/)
})

test('the feed of an owner tells its own videos alone, from the start, as they move, and as they go', async () => {
  const running = await videoOf(api.sql, 'anna', { status: 'processing' })
  await using anna = await openEvents(`${api.url}/progress`, bearer(keys.anna))
  await using bert = await openEvents(`${api.url}/progress`, bearer(keys.bert))
  await using named = await openEvents(`${api.url}/progress?ids=${running}`, bearer(keys.bert))
  expect((await anna.next()).data.video_id).toBe(running)
  expect(await named.next()).toMatchObject({ event: 'deleted', data: { video_id: running } })

  const message = (video_id: string) =>
    JSON.stringify({
      ...{
        video_id,
        seq: Date.now() + 60_000,
        status: 'processing',
        percent: 5,
        stage: 'encoding',
        frames: 1,
      },
      ...{ total_frames: 9, fps: null, speed: null, eta_s: null, chunks: { done: 0, running: 1, total: 4 } },
      resolutions: [],
    })
  const late = await videoOf(api.sql, 'anna', { status: 'processing' })
  const own = await videoOf(api.sql, 'bert', { status: 'processing' })
  for (const video of [running, late, own]) {
    await api.redis.publish(api.names.progressChannel(video), message(video))
    await api.redis.publish(api.names.progressAllChannel, message(video))
  }
  expect((await bert.next()).data.video_id).toBe(own)
  expect(await statusOf(`/videos/${running}`, { method: 'DELETE', headers: bearer(keys.anna) })).toBe(204)
  expect(await statusOf(`/videos/${own}`, { method: 'DELETE', headers: bearer(keys.bert) })).toBe(204)
  for (;;) {
    const event = await bert.next()
    expect(event.data.video_id).toBe(own)
    if (event.event === 'deleted') break
  }
  const heard = new Set<unknown>()
  for (;;) {
    const event = await anna.next()
    heard.add(event.data.video_id)
    if (event.event === 'deleted') break
  }
  expect(heard).toContain(running)
  expect(heard).not.toContain(own)
})

test('an event stream ends with its key', async () => {
  const { key, text } = await createKey(api.sql, {
    name: 'x',
    owner: 'anna',
    scopes: ['read'],
    expiresInS: null,
  })
  await using events = await openEvents(`${api.url}/progress`, bearer(text))
  await revokeKey(api.sql, key.id)
  await events.rest()
  expect(await statusOf('/progress', { headers: bearer(text) })).toBe(401)
}, 60_000)

test('one idempotency key is one for each owner', async () => {
  const send = (key: string) =>
    api.ask('/uploads', { json: {}, headers: { ...bearer(key), 'idempotency-key': 'the-same' } })
  const [anna, bert, again] = [await send(keys.anna), await send(keys.bert), await send(keys.anna)]
  expect([anna.status, bert.status]).toEqual([201, 201])
  expect(bert.body.id).not.toBe(anna.body.id)
  expect(again.body.id).toBe(anna.body.id)
})

test('no row can name the source of another owner', async () => {
  await api.sql`insert into sources (key, owner) values (${`source/${id}`}, 'anna')`
  const naming = api.sql`update videos set source_key = ${`source/${id}`} where id = ${await videoOf(api.sql, 'bert')}`
  await expect(naming).rejects.toMatchObject({ code: '23503' })
})

test('the use of a key is noted, and its secret is nowhere in the database', async () => {
  expect(await statusOf('/videos', { headers: bearer(keys.single('read')) })).toBe(200)
  const [id = '', secret = ''] = keys.single('read').split('.')
  const used = async () =>
    (await api.sql`select last_used_at from api_keys where id = ${id}`)[0]?.last_used_at
  for (let tries = 0; tries < 100 && !(await used()); tries++) await new Promise((go) => setTimeout(go, 50))
  expect(await used()).toBeInstanceOf(Date)
  const rows = JSON.stringify(await api.sql`select api_keys::text as row from api_keys`)
  expect(rows).toContain(id)
  expect(rows).not.toContain(secret)
})

test('all processes sign with one secret', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => createTokenSecret(api.sql, undefined)()))
  expect(one).toHaveLength(32)
  expect(other).toEqual(one)
})
