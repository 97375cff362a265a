import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { type Begun, begin, partsOf, sign, signed, uploadInParts } from './upload-client.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(() => api.sql`truncate videos, sources, uploads, collections, idempotency_keys cascade`)

const get = (id: string) => api.ask(`/uploads/${id}`)
const discard = (id: string) => api.ask(`/uploads/${id}`, { method: 'DELETE' })
const job = (key: string) => api.ask('/jobs', { json: { source: { key } } })
const age = (id: string) => api.sql`update uploads set expires_at = now() - interval '1 s' where id = ${id}`

async function put({ url }: { url: string }, text = 'a film'): Promise<void> {
  expect((await fetch(url, { method: 'PUT', body: text })).status).toBe(200)
}

describe('an upload', () => {
  test('without fields is a presigned PUT whose key is the source of a job', async () => {
    const { status, headers, body } = await api.ask('/uploads', { method: 'POST' })
    expect([status, body.method, body.headers, body.key]).toEqual([201, 'PUT', {}, `source/${body.id}`])
    expect([body.state, body.filename, body.size_bytes]).toEqual(['waiting', null, null])
    expect([headers.get('location'), headers.get('cache-control')]).toEqual([
      `/uploads/${body.id}`,
      'no-store',
    ])
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now() + 3_000_000)
    await put(body)
    expect((await job(body.key)).status).toBe(201)
  })

  test('tells what was said of its file, and is waiting, uploaded and a video', async () => {
    const said = { filename: 'Ein Film – 1.mov', size_bytes: 6, content_type: 'video/quicktime' }
    const upload = await begin(api, said)
    expect(upload).toMatchObject({ filename: said.filename, size_bytes: 6, state: 'waiting' })
    const waiting = (await get(upload.id)).body
    expect(waiting).toEqual({
      id: upload.id,
      key: upload.key,
      ...said,
      state: 'waiting',
      stored_bytes: null,
      created_at: expect.any(String),
      expires_at: expect.any(String),
      videos: [],
    })
    expect(Date.parse(waiting.expires_at) - Date.parse(waiting.created_at)).toBe(
      api.config.UPLOAD_KEEP_S * 1000,
    )
    await put(upload)
    expect((await get(upload.id)).body).toMatchObject({ state: 'uploaded', stored_bytes: 6, videos: [] })
    const video = (await job(upload.key)).body
    const second = (await job(upload.key)).body
    expect((await get(upload.id)).body).toMatchObject({ state: 'uploaded', videos: [second.id, video.id] })
  })

  test('is waiting, and no source of a job, while it has another size than was announced', async () => {
    const upload = await begin(api, { size_bytes: 7 })
    await put(upload)
    expect((await get(upload.id)).body).toMatchObject({ state: 'waiting', size_bytes: 7, stored_bytes: 6 })
    const refused = await job(upload.key)
    expect([refused.status, refused.body.code]).toEqual([422, 'source_incomplete'])
    await put(upload, 'a film!')
    expect((await job(upload.key)).status).toBe(201)
  })

  test('of the largest size is begun, and of one byte more or none is refused before it is', async () => {
    const largest = api.config.MAX_SOURCE_BYTES
    expect(largest).toBe(10 * 2 ** 30)
    expect((await begin(api, { size_bytes: largest })).size_bytes).toBe(largest)
    const asked = async (size_bytes: number) => (await api.ask('/uploads', { json: { size_bytes } })).body
    expect(await asked(largest + 1)).toMatchObject({ status: 422, code: 'source_too_large' })
    expect(await asked(0)).toMatchObject({ status: 422, code: 'empty_source' })
    expect(await api.sql`select from uploads`).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['name', { name: 'film.mp4' }],
    ['filename', { filename: 'a\nb' }],
    ['filename', { filename: 'a\u2028b' }],
    ['filename', { filename: 'a\0' }],
    ['filename', { filename: '\ud800' }],
    ['filename', { filename: '' }],
    ['filename', { filename: 'x'.repeat(256) }],
    ['filename', { filename: ['a'] }],
    ['filename', { filename: null }],
    ['content_type', { content_type: 'video/mp4\r\nx: y' }],
    ['size_bytes', { size_bytes: -1 }],
    ['size_bytes', { size_bytes: 1.5 }],
    ['size_bytes', { size_bytes: '6' }],
    ['size_bytes', { size_bytes: 2 ** 53 }],
    ['', ['film.mp4']],
    ['', null],
  ])('is refused for its field %j', async (path, json) => {
    const { status, body } = await api.ask('/uploads', { json })
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', path])
    expect(await api.sql`select from uploads`).toHaveLength(0)
  })

  test('is refused with a huge body, with one that is no JSON, and with one of another type', async () => {
    const send = (body: string, type = 'application/json') =>
      api.ask('/uploads', { method: 'POST', body, headers: { 'content-type': type } })
    expect((await send(JSON.stringify({ filename: 'x'.repeat(70_000) }))).body.code).toBe('body_too_large')
    expect((await send('{ "filename": ')).body.code).toBe('invalid_json')
    expect((await send('filename=a', 'text/plain')).body.code).toBe('unsupported_media_type')
    expect(await api.sql`select from uploads`).toHaveLength(0)
  })

  test('may have a name that is hostile to shells, paths and pages, for nothing is done with it', async () => {
    for (const filename of [
      '../../etc/passwd',
      '-i.mp4',
      '<script>alert(1)</script>',
      "'; drop table uploads --",
    ]) {
      const { id, key } = await begin(api, { filename })
      expect((await get(id)).body).toMatchObject({ filename, key: `source/${id}` })
      expect(key).toBe(`source/${id}`)
    }
  })

  test('asked for again under its key must be of the same file', async () => {
    const headers = { 'idempotency-key': 'film-7' }
    const ask = (json: unknown) => api.ask('/uploads', { json, headers })
    const first = await ask({ filename: 'a.mp4', size_bytes: 5 })
    expect((await ask({ size_bytes: 5, filename: 'a.mp4' })).body).toEqual(first.body)
    const other = await ask({ filename: 'a.mp4', size_bytes: 6 })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
  })
})

describe('parts', () => {
  const bytes = Buffer.alloc(2 * 5 * 2 ** 20 + 1234, 'film')

  async function created(): Promise<Begun & { uploadId: string }> {
    const upload = await begin(api, { size_bytes: bytes.length })
    return { ...upload, uploadId: await signed(api, upload, 'POST').create() }
  }

  test('sent out of order, one of them twice, become the object', async () => {
    const upload = await created()
    const parts = partsOf(bytes)
    expect(parts).toHaveLength(3)
    const etags = await uploadInParts(api, upload, [parts[2], parts[0], parts[0], parts[1]])
    expect((await get(upload.id)).body.state).toBe('waiting')
    await signed(api, upload, 'POST').complete(upload.uploadId, etags)
    expect((await get(upload.id)).body).toMatchObject({ state: 'uploaded', stored_bytes: bytes.length })
    expect((await job(upload.key)).status).toBe(201)
  })

  test('that the store has are told by its list, so that another page sends the rest', async () => {
    const upload = await created()
    const parts = partsOf(bytes)
    await uploadInParts(api, upload, [parts[1]])
    const listed = await signed(api, upload, 'GET').list(upload.uploadId)
    expect(listed.map(({ number }) => number)).toEqual([2])
    const rest = await uploadInParts(api, upload, [parts[0], parts[2]])
    await signed(api, upload, 'POST').complete(upload.uploadId, [...rest, ...listed])
    expect((await get(upload.id)).body.state).toBe('uploaded')
  })

  test('that are aborted are gone, and the upload can begin anew', async () => {
    const upload = await created()
    await uploadInParts(api, upload, [partsOf(bytes)[0]])
    await signed(api, upload, 'DELETE').abort(upload.uploadId)
    expect(await api.storage.listUploads(upload.key)).toEqual([])
    expect((await get(upload.id)).body.state).toBe('waiting')
    await put(await sign(api, upload.id, { method: 'PUT' }))
  })

  test('can be ten thousand, each with an address of its own, and not one more', async () => {
    const upload = await created()
    const at = (part_number: number) => ({ method: 'PUT', upload_id: upload.uploadId, part_number })
    const numbers = [1, ...Array.from({ length: 100 }, (_, index) => 100 * (index + 1))]
    const addresses = await Promise.all(numbers.map((number) => sign(api, upload.id, at(number))))
    expect(new Set(addresses.map(({ url }) => url)).size).toBe(numbers.length)
    await uploadInParts(api, upload, [{ number: 10_000, body: Buffer.from('the last') }])
    expect((await api.ask(`/uploads/${upload.id}/sign`, { json: at(10_001) })).status).toBe(422)
  })
})

describe('a signature', () => {
  test('is of the key of the upload, for one of six operations, for an hour', async () => {
    const upload = await begin(api)
    const six: [{ method: string; upload_id?: string; part_number?: number }, Record<string, string>][] = [
      [{ method: 'PUT' }, {}],
      [{ method: 'POST' }, { uploads: '' }],
      [
        { method: 'PUT', upload_id: 'a', part_number: 7 },
        { uploadId: 'a', partNumber: '7' },
      ],
      [{ method: 'GET', upload_id: 'a' }, { uploadId: 'a' }],
      [{ method: 'POST', upload_id: 'a' }, { uploadId: 'a' }],
      [{ method: 'DELETE', upload_id: 'a' }, { uploadId: 'a' }],
    ]
    for (const [asked, query] of six) {
      const answer = await sign(api, upload.id, asked)
      expect(Object.keys(answer)).toEqual(['method', 'url', 'key', 'expires_at'])
      expect([answer.method, answer.key]).toEqual([asked.method, upload.key])
      const url = new URL(answer.url)
      expect(url.pathname).toBe(`/${api.config.S3_BUCKET}/${upload.key}`)
      expect(
        Object.fromEntries([...url.searchParams].filter(([name]) => !name.startsWith('X-Amz-'))),
      ).toEqual(query)
      expect(url.searchParams.get('X-Amz-Expires')).toBe('3600')
      const holdsMs = Date.parse(answer.expires_at) - Date.now()
      expect(holdsMs).toBeGreaterThan(3_500_000)
      expect(holdsMs).toBeLessThanOrEqual(3_600_000)
    }
  })

  test.each<[unknown]>([
    [{}],
    [{ method: 'put' }],
    [{ method: 'GET' }],
    [{ method: 'DELETE' }],
    [{ method: 'HEAD', upload_id: 'a' }],
    [{ method: 'PUT', part_number: 1 }],
    [{ method: 'PUT', upload_id: 'a' }],
    [{ method: 'PUT', upload_id: 'a', part_number: 0 }],
    [{ method: 'PUT', upload_id: 'a', part_number: 1.5 }],
    [{ method: 'PUT', upload_id: 'a', part_number: '1' }],
    [{ method: 'POST', upload_id: 'a', part_number: 1 }],
    [{ method: 'DELETE', upload_id: 'a', part_number: 1 }],
    [{ method: 'GET', upload_id: '' }],
    [{ method: 'GET', upload_id: 'a b' }],
    [{ method: 'GET', upload_id: 'ä' }],
    [{ method: 'GET', upload_id: 'a\r\nb' }],
    [{ method: 'GET', upload_id: ['a'] }],
    [{ method: 'GET', upload_id: '../../other' }],
    [{ method: 'GET', upload_id: 'a\\..' }],
    [{ method: 'DELETE', upload_id: '.' }],
    [{ method: 'GET', upload_id: 'x'.repeat(1025) }],
    [{ method: 'PUT', key: 'source/other' }],
    [{ method: 'PUT', query: { acl: '' } }],
    [{ method: 'PUT', expires_in: 1 }],
    [[]],
    ['PUT'],
  ])('is refused for %j', async (json) => {
    const { id } = await begin(api)
    const { status, body } = await api.ask(`/uploads/${id}/sign`, { json })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
  })

  test.each([
    'a&X-Amz-Expires=604800',
    'a?acl',
    'a#b',
    'a%26uploads%3D',
    '2~Ab+c.d/e==',
    `${'<>"\'`{}|\\^[]!*()$;,:@'}`,
  ])(
    'of the upload id %j changes no other part of the address, and the store takes it',
    async (upload_id) => {
      const upload = await begin(api)
      const { url } = await sign(api, upload.id, { method: 'GET', upload_id })
      const { pathname, searchParams, hash } = new URL(url)
      expect([pathname, hash]).toEqual([`/${api.config.S3_BUCKET}/${upload.key}`, ''])
      expect([searchParams.getAll('uploadId'), searchParams.getAll('X-Amz-Expires')]).toEqual([
        [upload_id],
        ['3600'],
      ])
      expect([...searchParams.keys()]).toHaveLength(7)
      expect(await (await fetch(url)).text()).toContain('<Code>NoSuchUpload</Code>')
    },
  )

  test('for one key opens no other one, nor another operation', async () => {
    const [mine, other] = [await begin(api), await begin(api)]
    await put(other)
    const { url } = await sign(api, mine.id, { method: 'PUT' })
    expect((await fetch(url.replace(mine.key, other.key), { method: 'PUT', body: 'x' })).status).toBe(403)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403)
    expect((await fetch(`${url}&acl`, { method: 'PUT' })).status).toBe(403)
  })

  test('keeps the upload alive, and one that expired gets none', async () => {
    const { id } = await begin(api)
    await api.sql`update uploads set expires_at = now() + interval '1 min'`
    await sign(api, id, { method: 'POST' })
    const { body } = await get(id)
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now() + 86_000_000)
    await age(id)
    const refused = await api.ask(`/uploads/${id}/sign`, { json: { method: 'PUT' } })
    expect([refused.status, refused.body.code]).toEqual([410, 'upload_expired'])
  })

  test('is refused once a video was made of the upload, so that nobody uploads to it again', async () => {
    const upload = await begin(api)
    await put(upload)
    await job(upload.key)
    for (const json of [{ method: 'PUT' }, { method: 'POST' }, { method: 'POST', upload_id: 'a' }]) {
      const refused = await api.ask(`/uploads/${upload.id}/sign`, { json })
      expect([refused.status, refused.body.code]).toEqual([409, 'upload_in_use'])
    }
  })

  test('is refused for an upload that is not there, and in bodies that are no JSON or huge', async () => {
    const at = `/uploads/${crypto.randomUUID()}/sign`
    expect((await api.ask(at, { json: { method: 'PUT' } })).body.code).toBe('upload_not_found')
    const send = (body: string, type = 'application/json') =>
      api.ask(at, { method: 'POST', body, headers: { 'content-type': type } })
    expect((await send('{')).body.code).toBe('invalid_json')
    expect((await send(JSON.stringify({ method: 'PUT', upload_id: 'x'.repeat(70_000) }))).status).toBe(413)
    expect((await send('method=PUT', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await api.ask(at, { method: 'POST' })).status).toBe(415)
  })
})

describe('an upload that is over', () => {
  test('by its time is expired, and no source of a job although its object is there', async () => {
    const upload = await begin(api)
    await put(upload)
    await age(upload.id)
    expect((await get(upload.id)).body).toMatchObject({ state: 'expired', stored_bytes: null })
    const refused = await job(upload.key)
    expect([refused.status, refused.body.code]).toEqual([422, 'source_not_found'])
    expect(await api.sql`select from sources`).toHaveLength(0)
  })

  test('stays uploaded, and a source of more jobs, while a video names its object', async () => {
    const upload = await begin(api)
    await put(upload)
    await job(upload.key)
    await age(upload.id)
    expect((await get(upload.id)).body).toMatchObject({ state: 'uploaded', stored_bytes: 6 })
    expect((await job(upload.key)).status).toBe(201)
  })

  test('by its deletion is expired, however often it is asked for', async () => {
    const upload = await begin(api)
    await put(upload)
    expect((await discard(upload.id)).status).toBe(204)
    expect((await discard(upload.id)).status).toBe(204)
    expect((await get(upload.id)).body.state).toBe('expired')
    expect((await api.ask(`/uploads/${upload.id}/sign`, { json: { method: 'PUT' } })).status).toBe(410)
    expect((await job(upload.key)).body.code).toBe('source_not_found')
  })

  test('is not to be deleted while a video names its object, and over with the video', async () => {
    const upload = await begin(api)
    await put(upload)
    const video = (await job(upload.key)).body
    const refused = await discard(upload.id)
    expect([refused.status, refused.body.code]).toEqual([409, 'upload_in_use'])
    await api.ask(`/videos/${video.id}`, { method: 'DELETE' })
    expect((await get(upload.id)).body).toMatchObject({ state: 'expired', videos: [] })
  })
})

test('an id that is none, or nobody’s, is told to be so', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/sign'],
  ] as const) {
    const at = (id: string) =>
      api.ask(`/uploads/${id}${path}`, method === 'POST' ? { json: { method: 'PUT' } } : { method })
    for (const id of ['1', "'", '%00', '..%2f..%2fjobs', '0'.repeat(5000)]) {
      const { status, body } = await at(id)
      expect([id, status, body.code]).toEqual([id, 400, 'invalid_id'])
    }
    const { status, body } = await at(crypto.randomUUID())
    expect([status, body.code]).toEqual([404, 'upload_not_found'])
  }
})
