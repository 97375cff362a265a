import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expireAnswers } from '../../../src/jobs/idempotency.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(() => api.sql`truncate videos, sources, uploads, idempotency_keys cascade`)

const url = 'https://example.org/film.mp4'
const job = { source: { url }, title: 'Film', metadata: { course: 7, tags: { b: 1, a: [2, 3] } } }
const keyed = (key: string) => ({ headers: { 'idempotency-key': key } })
const submit = (key: string, json: unknown = job) => api.ask('/jobs', { json, ...keyed(key) })
const upload = (key: string) => api.ask('/uploads', { method: 'POST', ...keyed(key) })

async function rowsIn(table: 'videos' | 'uploads' | 'idempotency_keys'): Promise<number> {
  const [row] = await api.sql<{ count: number }[]>`select count(*)::int as count from ${api.sql(table)}`
  return row?.count ?? 0
}

/** What a client can tell one answer from another by. */
async function answerTo(key: string) {
  const response = await api.request('/jobs', { json: job, ...keyed(key) })
  const { status, headers } = response
  return {
    status,
    location: headers.get('location'),
    type: headers.get('content-type'),
    body: await response.text(),
  }
}

describe('a job submitted again under its key', () => {
  test('gets the same answer to the byte, told to be a repetition, and is one job', async () => {
    const first = await submit('film-7')
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null])
    const again = await submit('film-7')
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await answerTo('film-7')).toEqual({
      status: 201,
      location: `/videos/${first.body.id}`,
      type: 'application/json',
      body: JSON.stringify(first.body),
    })
    expect(await rowsIn('videos')).toBe(1)
  })

  test('is the same whatever the order of names and the white space', async () => {
    const { body } = await submit('film-7')
    const text = `{ "metadata": {"tags":{"a":[2, 3],"b":1},  "course":7.0},\n"title": "Film", "source": {"url": "${url}"} }`
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'film-7' }
    const again = await api.ask('/jobs', { method: 'POST', body: text, headers })
    expect([again.status, again.body.id]).toEqual([201, body.id])
  })

  test.each<[string, unknown]>([
    ['another title', { ...job, title: 'Another film' }],
    ['a field more', { ...job, priority: 'normal' }],
    ['a field less', { source: job.source }],
    ['another order in a list', { ...job, metadata: { course: 7, tags: { b: 1, a: [3, 2] } } }],
    ['another signature in the URL', { ...job, source: { url: `${url}?signature=2` } }],
    ['a metadata of hostile names', { ...job, metadata: { toString: 1, valueOf: { toString: 2 } } }],
  ])('is refused with %s', async (_, other) => {
    await submit('film-7')
    const { status, body } = await submit('film-7', other)
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused'])
    expect(await rowsIn('videos')).toBe(1)
  })

  test('is told apart by the value of a field __proto__', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'film-7' }
    const send = (value: number) => {
      const body = `{"source":{"url":"${url}"},"metadata":{"__proto__":${value}}}`
      return api.ask('/jobs', { method: 'POST', body, headers })
    }
    expect([(await send(1)).status, (await send(1)).status, (await send(2)).status]).toEqual([201, 201, 422])
  })

  test('gets its answer without the store, also when the video and its source are gone', async () => {
    const key = await putObject(api, `source/${randomUUID()}`, 'a film')
    const { body } = await submit('film-7', { source: { key } })
    expect((await api.ask(`/videos/${body.id}`, { method: 'DELETE' })).status).toBe(204)
    await api.storage.remove([key])
    const again = await submit('film-7', { source: { key } })
    expect([again.status, again.body]).toEqual([201, body])
    expect(await rowsIn('videos')).toBe(0)
  })

  test('is a new one once the time of its key is over', async () => {
    const first = await submit('film-7')
    await api.sql`update idempotency_keys set expires_at = now()`
    const other = await submit('film-7', { source: { url } })
    expect([other.status, other.headers.get('idempotency-replayed')]).toEqual([201, null])
    expect(other.body.id).not.toBe(first.body.id)
    expect((await submit('film-7', { source: { url } })).body.id).toBe(other.body.id)
  })

  test('is a new one after a refusal: what made nothing is not kept', async () => {
    const key = `source/${randomUUID()}`
    expect((await submit('film-7', { source: { key } })).body.code).toBe('source_not_found')
    expect((await submit('film-7', { source: {} })).body.code).toBe('invalid_request')
    expect(await rowsIn('idempotency_keys')).toBe(0)
    await putObject(api, key, 'a film')
    expect((await submit('film-7', { source: { key } })).status).toBe(201)
  })
})

test('fifty equal requests at once make one job, and each learns of it or is told to wait', async () => {
  const key = await putObject(api, 'source/film', 'a film')
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit('film-7', { source: { key } })))
  const kinds = answers.map(({ status, headers, body }) =>
    status === 201 ? (headers.get('idempotency-replayed') ?? 'made') : `${status} ${body.code}`,
  )
  expect(kinds.filter((kind) => kind === 'made')).toHaveLength(1)
  expect(new Set(kinds).difference(new Set(['made', 'true', '409 idempotency_key_in_use']))).toEqual(
    new Set(),
  )
  expect(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1)
  expect(await rowsIn('videos')).toBe(1)
})

test('fifty jobs at once without a key, and with fifty keys, on one source are fifty each', async () => {
  const key = await putObject(api, 'source/film', 'a film')
  const requests = Array.from({ length: 50 }, (_, n) => [
    api.ask('/jobs', { json: { source: { key } } }),
    submit(`film-${n}`, { source: { key } }),
  ])
  const statuses = (await Promise.all(requests.flat())).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([201]))
  expect(await rowsIn('videos')).toBe(100)
})

describe('an upload asked for again under its key', () => {
  test('gets the same address, and is one upload', async () => {
    const first = await upload('film-7')
    const again = await upload('film-7')
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      first.body,
      'true',
    ])
    const location = `/uploads/${first.body.id}`
    expect([again.headers.get('cache-control'), again.headers.get('location')]).toEqual([
      'no-store',
      location,
    ])
    expect((await api.ask('/uploads', { json: {}, ...keyed('film-7') })).body).toEqual(first.body)
    expect(await rowsIn('uploads')).toBe(1)
  })

  test('has a key that is kept no longer than the address holds', async () => {
    const { body } = await upload('film-7')
    const [kept] = await api.sql`select expires_at from idempotency_keys`
    expect(kept?.expires_at.toISOString()).toBe(body.expires_at)
  })

  test('shares no key with a job', async () => {
    const { body } = await upload('film-7')
    const made = await submit('film-7')
    expect([made.status, made.headers.get('idempotency-replayed')]).toEqual([201, null])
    expect((await upload('film-7')).body.id).toBe(body.id)
  })
})

describe('a key', () => {
  test.each([
    ['empty', ''],
    ['an empty string', '""'],
    ['too long', 'x'.repeat(256)],
    ['too long in quotes', `"${'x'.repeat(256)}"`],
    ['two words', 'a b'],
    ['with a tab', 'a\tb'],
    ['a list', 'a,b'],
    ['not ASCII', 'ä'],
    ['not ended', '"a'],
    ['a quote within', 'a"b'],
    ['with parameters', '"a";b=1'],
    ['badly escaped', '"a\\b"'],
    ['a string that ends in an escape', '"a\\"'],
  ])('that is %s is refused with 400', async (_, key) => {
    const { status, body } = await submit(key)
    expect([status, body.code]).toEqual([400, 'invalid_idempotency_key'])
    expect(await rowsIn('videos')).toBe(0)
  })

  test.each([
    ['twice', 'Idempotency-Key: a\r\nIdempotency-Key: b'],
    ['twice in quotes', 'Idempotency-Key: "a"\r\nIdempotency-Key: "b"'],
    ['with NUL', 'Idempotency-Key: a\0b'],
    ['with a control character', 'Idempotency-Key: a\x01b'],
    ['with DEL', 'Idempotency-Key: a\x7fb'],
    ['with a bare line end', 'Idempotency-Key: a\rb'],
  ])('that comes %s is refused', async (_, header) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`POST /uploads HTTP/1.1\r\nHost: localhost\r\n${header}\r\nConnection: close\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /)
    expect(await rowsIn('uploads')).toBe(0)
  })

  test.each([['x'.repeat(255)], [`'; drop table videos; --`.replaceAll(' ', '')], ['%00$1{}']])(
    'may be %s',
    async (key) => {
      const { body } = await upload(key)
      expect((await upload(key)).body.id).toBe(body.id)
    },
  )

  test('in quotes, as the draft wants it, is the one without them', async () => {
    const { body } = await upload('8e03978e-40d5')
    expect((await upload('"8e03978e-40d5"')).body.id).toBe(body.id)
    const escaped = await upload(String.raw`"a \"b\" \\"`)
    expect(escaped.status).toBe(201)
    expect(await api.sql`select key from idempotency_keys where key like 'a%'`).toEqual([
      { key: String.raw`a "b" \ `.trim() },
    ])
  })
})

test('keys whose time is over are removed, and only those', async () => {
  for (const key of ['old', 'older', 'young']) await submit(key)
  await api.sql`update idempotency_keys set expires_at = now() where key <> 'young'`
  await expireAnswers(api.sql)
  expect(await api.sql`select key from idempotency_keys`).toEqual([{ key: 'young' }])
})
