import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi({ lead: { MAX_SOURCE_BYTES: 100 } })
})
afterAll(() => api[Symbol.asyncDispose]())

const url = 'https://example.org/film.mp4'
const submit = (json: unknown) => api.ask('/jobs', { json })

async function videosSubmitted(): Promise<number> {
  const [row] = await api.sql<{ count: number }[]>`select count(*)::int as count from videos`
  return row?.count ?? 0
}

describe('a job from a URL', () => {
  test('is answered with 201, its place and the video as GET shows it', async () => {
    const answer = await submit({ source: { url }, title: 'Film', priority: 'high', metadata: { course: 7 } })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`/videos/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      title: 'Film',
      status: 'queued',
      priority: 'high',
      source: { kind: 'url', url, key: null, size_bytes: null },
      metadata: { course: 7 },
      error: null,
      links: {
        self: `/videos/${answer.body.id}`,
        progress: `/progress/${answer.body.id}`,
        hls: `/videos/${answer.body.id}/hls/master.m3u8`,
        poster: null,
        storyboard: null,
        page: `/#/videos/${answer.body.id}`,
      },
    })
    const { body } = await api.ask(`/videos/${answer.body.id}`)
    const { timings: _, queue_position: __, ...shown } = body
    const { timings: ___, queue_position: ____, ...answered } = answer.body
    expect(answered).toEqual(shown)
  })

  test('keeps credentials and signatures to itself and hands them to the courier alone', async () => {
    const { body } = await submit({
      source: { url: 'https://me:secret@example.org/a.mp4?signature=s3cr3t#x' },
    })
    expect(JSON.stringify((await api.ask(`/videos/${body.id}`)).body)).not.toMatch(/secret|s3cr3t/)
    const [task] = await api.sql`select kind, input from tasks where video_id = ${body.id}`
    expect(task).toEqual({
      kind: 'fetch',
      input: { url: 'https://me:secret@example.org/a.mp4?signature=s3cr3t#x' },
    })
  })

  test('hands the courier the checksum too, in small letters', async () => {
    const sha256 = 'AB'.repeat(32)
    const { status, body } = await submit({ source: { url, sha256 } })
    expect([status, body.source]).toEqual([201, { kind: 'url', url, key: null, size_bytes: null }])
    const [task] = await api.sql`select input from tasks where video_id = ${body.id}`
    expect(task).toEqual({ input: { url, sha256: 'ab'.repeat(32) } })
  })

  test('wakes the courier', async () => {
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    const listening = await api.sql.listen('stepladder_fetch', () => resolve())
    await submit({ source: { url } })
    await woken
    await listening.unlisten()
  })
})

describe('a job from an object', () => {
  test('pins size and ETag and announces the plan task', async () => {
    const key = await putObject(api, 'source/folder/My film (1).mp4', 'a film')
    const { status, body } = await submit({ source: { key } })
    expect(status).toBe(201)
    expect(body.source).toEqual({ kind: 'key', url: null, key, size_bytes: 6 })
    const [video] = await api.sql`select source_etag from videos where id = ${body.id}`
    expect(video?.source_etag).toBe((await api.storage.head(key))?.etag)
    const [task] =
      await api.sql`select id, stream_id from tasks where video_id = ${body.id} and kind = 'plan'`
    const entries = await api.redis.xrange(api.names.stream, '-', '+')
    expect(entries).toContainEqual([task?.stream_id, ['task', String(task?.id)]])
  })

  test('is announced only while the stream is short: the dispatcher chooses among the rest', async () => {
    const key = await putObject(api, 'source/many', 'a film')
    for (let n = 0; n < 6; n++) await submit({ source: { key } })
    expect(await api.redis.xlen(api.names.stream)).toBe(4)
  })

  test.each([
    ['source_not_found', 'source/nothing-here', 'There is no object source/nothing-here in the bucket.'],
    ['empty_source', 'source/empty', 'The object source/empty has no bytes.'],
    ['source_too_large', 'source/large', 'The object source/large has 101 bytes and 100 are allowed.'],
  ])('is refused as %s', async (code, key, detail) => {
    await putObject(api, 'source/empty', '')
    await putObject(api, 'source/large', 'x'.repeat(101))
    const { status, body } = await submit({ source: { key } })
    expect({ status, code: body.code, detail: body.detail }).toEqual({ status: 422, code, detail })
  })
})

describe('a request that is not valid is refused with 422 and the field', () => {
  const source = { url }
  const deepText = `{"source":{"url":"${url}"},"metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`

  test.each<[string, unknown, string, RegExp]>([
    ['no source', {}, 'source', /expected object/],
    ['an empty source', { source: {} }, 'source', /either url or key/],
    ['two sources', { source: { url, key: 'source/a' } }, 'source', /either url or key/],
    ['a checksum alone', { source: { sha256: 'a'.repeat(64) } }, 'source', /either url or key/],
    [
      'a checksum of an object',
      { source: { key: 'source/a', sha256: 'a'.repeat(64) } },
      'source',
      /sha256 with a url only/,
    ],
    ['a short checksum', { source: { url, sha256: 'a'.repeat(63) } }, 'source.sha256', /64 hexadecimal/],
    ['another checksum', { source: { url, sha256: `0x${'a'.repeat(62)}` } }, 'source.sha256', /64 hex/],
    ['a line behind it', { source: { url, sha256: `${'a'.repeat(64)}\n` } }, 'source.sha256', /64 hex/],
    ['a checksum that is null', { source: { url, sha256: null } }, 'source.sha256', /expected string/],
    ['an unknown field', { source, titel: 'x' }, 'titel', /not a known field/],
    ['an unknown field within', { source: { url, etag: 'x' } }, 'source.etag', /not a known field/],
    ['a wrong type', { source, title: 7 }, 'title', /expected string/],
    ['an array', [], '', /expected object/],
    ['a long title', { source, title: 'x'.repeat(301) }, 'title', /300 characters/],
    ['a title with NUL', { source, title: 'a\0b' }, 'title', /control characters/],
    ['half a character in the title', { source, title: 'a\ud800' }, 'title', /half characters/],
    ['an unknown priority', { source, priority: 'urgent' }, 'priority', /high, normal, low/],
    ['a file URL', { source: { url: 'file:///etc/passwd' } }, 'source.url', /http or https/],
    ['a URL with a line end', { source: { url: 'http://a/\nb' } }, 'source.url', /http or https/],
    ['an address with a zone', { source: { url: 'http://[fe80::1%25lo]/' } }, 'source.url', /http or https/],
    ['no URL at all', { source: { url: 'film' } }, 'source.url', /http or https/],
    ['a long URL', { source: { url: `http://a/${'x'.repeat(2040)}` } }, 'source.url', /2048/],
    ['a key elsewhere', { source: { key: 'processed/a' } }, 'source.key', /below source/],
    ['a key that climbs', { source: { key: 'source/../processed/a' } }, 'source.key', /below source/],
    ['a key with NUL', { source: { key: 'source/a\0' } }, 'source.key', /control characters/],
    ['the folder itself', { source: { key: 'source/' } }, 'source.key', /below source/],
    ['metadata that is a list', { source, metadata: [1] }, 'metadata', /must be an object/],
    ['large metadata', { source, metadata: { a: 'x'.repeat(17_000) } }, 'metadata', /16384 bytes/],
    ['metadata with NUL', { source, metadata: { a: ['\0'] } }, 'metadata', /NUL/],
    ['metadata with NUL in a name', { source, metadata: { 'a\0': 1 } }, 'metadata', /NUL/],
  ])('%s', async (_name, request, path, message) => {
    const before = await videosSubmitted()
    const { status, headers, body } = await submit(request)
    expect(status).toBe(422)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ code: 'invalid_request', status: 422, title: 'The request is not valid' })
    expect(body.errors).toContainEqual({ path, message: expect.stringMatching(message) })
    expect(await videosSubmitted()).toBe(before)
  })

  test('metadata nested deeper than the stack', async () => {
    const headers = { 'content-type': 'application/json' }
    const { status, body } = await api.ask('/jobs', { method: 'POST', headers, body: deepText })
    expect([status, body.errors[0].path]).toEqual([422, 'metadata'])
    expect(body.errors[0].message).toMatch(/8 levels/)
  })
})

describe('a body that cannot be read is refused', () => {
  const send = (body: string | ReadableStream, headers: { [name: string]: string }) =>
    api.ask('/jobs', {
      method: 'POST',
      body,
      headers,
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    })
  const isJson = { 'content-type': 'application/json' }

  test('broken JSON with 400', async () => {
    const { status, body } = await send('{"source":', isJson)
    expect([status, body.code, body.detail]).toEqual([400, 'invalid_json', 'The body is not valid JSON.'])
  })

  test('another content type with 415', async () => {
    const { status, body } = await send('source=x', { 'content-type': 'application/x-www-form-urlencoded' })
    expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
    expect(body.detail).toBe('Send the body as application/json.')
  })

  test('more than 64 KiB with 413', async () => {
    const { status, body } = await send(JSON.stringify({ title: 'x'.repeat(65_536) }), isJson)
    expect([status, body.code]).toEqual([413, 'body_too_large'])
    expect(body.detail).toBe('The body may have 65536 bytes at most.')
  })

  test('more than 64 KiB of unknown length with 413, before it has come in whole', async () => {
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 1000) controller.close()
        else controller.enqueue(new Uint8Array(16_384).fill(32))
      },
    })
    const refused = await send(endless, isJson).catch(() => null)
    // A server that stops reading may also cut the connection, which fetch reports as an error.
    if (refused) expect([refused.status, refused.body.code]).toEqual([413, 'body_too_large'])
    expect(sent).toBeLessThan(900)
    expect((await api.ask('/healthz')).status).toBe(200)
  })

  test('a small body of unknown length is taken', async () => {
    const text = JSON.stringify({ source: { url } })
    const body = new Blob([text]).stream()
    expect((await send(body, isJson)).status).toBe(201)
  })
})

test('a page of another site cannot submit, cancel or delete', async () => {
  const headers = { 'sec-fetch-site': 'cross-site' }
  for (const init of [{ method: 'POST' }, { method: 'DELETE' }]) {
    const { status, body } = await api.ask('/videos/01a1fd8b-7757-71bc-923e-4f62b2894ab8', {
      ...init,
      headers,
    })
    expect([status, body.code]).toEqual([403, 'cross_site_request'])
  }
})
