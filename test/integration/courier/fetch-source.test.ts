import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CourierSystem, createCourierSystem, storedBytes } from './courier-system.ts'
import { type Answer, serve, startSource } from './source-server.ts'

const partBytes = 8 * 2 ** 20
let system: CourierSystem
beforeAll(async () => {
  system = await createCourierSystem({ courier: true })
})
afterAll(() => system[Symbol.asyncDispose]())

const chunked =
  (body: Buffer): Answer =>
  (_, response) => {
    response.writeHead(200)
    for (let at = 0; at < body.length; at += 100_001) response.write(body.subarray(at, at + 100_001))
    response.end()
  }

describe.concurrent('a source arrives byte for byte', () => {
  const cases = [
    { name: 'one byte of known length', bytes: 1, answer: serve },
    { name: 'one byte of unknown length', bytes: 1, answer: chunked },
    { name: 'exactly one part of known length', bytes: partBytes, answer: serve },
    { name: 'one part and a byte of unknown length', bytes: partBytes + 1, answer: chunked },
    { name: 'two parts of unknown length', bytes: 2 * partBytes, answer: chunked },
  ]
  test.for(cases)('$name', async ({ bytes, answer }, { expect }) => {
    const body = randomBytes(bytes)
    await using source = await startSource(answer(body))
    const video = await system.fetched(source.url('/film.mp4'))
    expect(video).toMatchObject({ state: 'done', status: 'queued', source_size_bytes: bytes })
    expect((await storedBytes(system.storage, video.source_key)).equals(body)).toBe(true)
    expect(await system.kept(video.id)).toEqual([video.source_key])
    expect(await system.storage.head(video.source_key ?? '')).toEqual({ etag: video.source_etag, bytes })
  })
})

test('a fetched source is named in the database and planned next, and its URL is forgotten', async () => {
  await using source = await startSource(serve(Buffer.from('film')))
  const { id, source_key } = await system.fetched(source.url('/film.mp4'))
  const tasks = await system.sql`select kind, state, input from tasks where video_id = ${id} order by id`
  expect(tasks).toMatchObject([
    { kind: 'fetch', state: 'done', input: {} },
    { kind: 'plan', state: 'queued' },
  ])
  expect(await system.sql`select key from sources where key = ${source_key}`).toHaveLength(1)
})

describe.concurrent('redirects', () => {
  const film = Buffer.from('film')
  const via =
    (location: (origin: string) => string): Answer =>
    (request, response) => {
      if (request.url === '/film.mp4') return serve(film)(request, response)
      response.writeHead(302, { location: location(`http://${request.headers.host}`) }).end('moved')
    }

  test('relative ones are followed', async ({ expect }) => {
    await using source = await startSource(via(() => '../film.mp4'))
    const { source_key } = await system.fetched(source.url('/deep/down'))
    expect(await storedBytes(system.storage, source_key)).toEqual(film)
  })

  test('absolute ones are followed to another server', async ({ expect }) => {
    await using other = await startSource(serve(film))
    await using source = await startSource(via(() => other.url('/elsewhere')))
    const { source_key } = await system.fetched(source.url('/film'))
    expect(await storedBytes(system.storage, source_key)).toEqual(film)
  })

  test('five are followed and a sixth is not', async ({ expect }) => {
    const countdown: Answer = (request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) return serve(film)(request, response)
      response.writeHead(307, { location: `/${left - 1}` }).end()
    }
    await using source = await startSource(countdown)
    expect(await system.fetched(source.url('/5'))).toMatchObject({ state: 'done' })
    const endless = await system.fetched(source.url('/6'))
    expect(endless).toMatchObject({ status: 'failed', error_code: 'source_refused' })
    expect(endless.error_message).toBe('the source redirects more than 5 times')
  })

  test.for(['file:///etc/passwd', 'ftp://127.0.0.1/film.mp4', 'data:,film'])(
    'one to %s is refused',
    async (location, { expect }) => {
      await using source = await startSource(via(() => location))
      const video = await system.fetched(source.url('/film'))
      expect(video).toMatchObject({ status: 'failed', error_code: 'source_forbidden' })
      expect(video.error_message).toBe(
        `the source redirects to ${new URL(location).protocol} which is not allowed`,
      )
      expect(await system.kept(video.id)).toEqual([])
    },
  )

  test('one to nonsense is refused', async ({ expect }) => {
    await using source = await startSource(via(() => 'http://'))
    expect(await system.fetched(source.url('/film'))).toMatchObject({
      error_code: 'source_refused',
      error_message: 'the source redirects to what is no URL',
    })
  })

  test('a redirect or a refusal whose body never ends is not read to its end', async ({ expect }) => {
    await using source = await startSource((request, response) => {
      if (request.url === '/film.mp4') return serve(film)(request, response)
      response.writeHead(request.url === '/gone' ? 404 : 302, { location: '/film.mp4' }).write('and so on')
    })
    const [moved, gone] = await Promise.all([
      system.fetched(source.url('/film')),
      system.fetched(source.url('/gone')),
    ])
    expect(moved).toMatchObject({ state: 'done' })
    expect(gone).toMatchObject({ error_code: 'source_not_found' })
  })
})

describe.concurrent('a server that refuses fails the video at the first answer', () => {
  const cases = [
    [404, 'source_not_found'],
    [410, 'source_not_found'],
    [401, 'source_refused'],
    [403, 'source_refused'],
    [204, 'source_refused'],
    [304, 'source_refused'],
  ] as const
  test.for(cases)('HTTP %i is %s', async ([status, code], { expect }) => {
    await using source = await startSource((_, response) => response.writeHead(status).end())
    const video = await system.fetched(source.url('/film.mp4'))
    expect(video).toMatchObject({ status: 'failed', error_code: code, attempt: 0 })
    expect(video.error_message).toBe(`the source's server answered HTTP ${status}`)
    expect(source.requests).toHaveLength(1)
    expect(await system.kept(video.id)).toEqual([])
  })
})

describe.concurrent('what may heal is tried again, and fails the video when it does not', () => {
  const half = (response: Parameters<Answer>[1]) => {
    response.write(Buffer.alloc(300_000, 1), () => response.destroy())
  }
  const cases: { name: string; answer: Answer }[] = [
    { name: 'HTTP 500', answer: (_, response) => response.writeHead(500).end() },
    { name: 'HTTP 429', answer: (_, response) => response.writeHead(429).end() },
    { name: 'a connection closed before the answer', answer: (request) => request.socket.destroy() },
    {
      name: 'a body shorter than its Content-Length',
      answer: (_, response) => half(response.writeHead(200, { 'content-length': 600_000 })),
    },
    { name: 'a chunked body cut short', answer: (_, response) => half(response.writeHead(200)) },
    {
      name: 'a body cut short after its first part',
      answer: (_, response) =>
        response.writeHead(200).write(Buffer.alloc(partBytes + 9), () => response.destroy()),
    },
  ]
  test.for(cases)('$name', async ({ answer }, { expect }) => {
    await using source = await startSource(answer)
    const video = await system.fetched(source.url('/film.mp4'))
    expect(video).toMatchObject({ status: 'failed', error_code: 'source_unreachable', attempt: 1 })
    expect(video.error_message).toMatch(/^the source('s server answered HTTP \d+| could not be read: .+)$/)
    expect(source.requests).toHaveLength(2)
    expect(await system.kept(video.id)).toEqual([])
  })

  test.for(cases)('$name, once', async ({ answer }, { expect }) => {
    const film = randomBytes(600_000)
    await using source = await startSource((request, response) =>
      source.requests.length === 1 ? answer(request, response) : serve(film)(request, response),
    )
    const video = await system.fetched(source.url('/film.mp4'))
    expect(video).toMatchObject({ state: 'done', attempt: 1, error_code: null })
    expect((await storedBytes(system.storage, video.source_key)).equals(film)).toBe(true)
    expect(await system.kept(video.id)).toEqual([video.source_key])
  })

  test('a port that nobody listens on', async ({ expect }) => {
    const port = await closedPort()
    const video = await system.fetched(`http://localhost:${port}/film.mp4`)
    expect(video).toMatchObject({ error_code: 'source_unreachable', attempt: 1 })
    expect(video.error_message).toContain('ECONNREFUSED')
  })
})

test('an empty source fails the video and leaves no object', async () => {
  await using source = await startSource(serve(Buffer.alloc(0)))
  const video = await system.fetched(source.url('/film.mp4'))
  expect(video).toMatchObject({
    status: 'failed',
    error_code: 'empty_source',
    error_message: 'the source is empty',
  })
  expect(await system.kept(video.id)).toEqual([])
})

describe('secrets in a URL', () => {
  const signed = '?X-Amz-Signature=5ec2e7&token=t0k3n'

  test('user and password go to the first origin only, as Basic, and are not shown', async () => {
    await using other = await startSource((request, response) =>
      request.url === '/back'
        ? response.writeHead(302, { location: source.url('/film.mp4') }).end()
        : response.writeHead(500).end(),
    )
    await using source = await startSource((request, response) =>
      request.url === '/film.mp4'
        ? serve(Buffer.from('film'))(request, response)
        : response.writeHead(302, { location: other.url('/back').replace('://', '://x:y@') }).end(),
    )
    const secret = source.url(`/start${signed}`).replace('://', '://ann%C3%A9:p%40ss%zz@')
    const video = await system.fetched(secret)
    expect(video).toMatchObject({ state: 'done', source_url: source.url('/start') })
    const basic = `Basic ${Buffer.from('anné:p@ss%zz').toString('base64')}`
    expect(source.requests).toEqual([
      { path: `/start${signed}`, authorization: basic },
      { path: '/film.mp4', authorization: basic },
    ])
    expect(other.requests).toEqual([{ path: '/back', authorization: undefined }])
  })

  test('stay out of the log and of the error when the fetch fails', async () => {
    const port = await closedPort()
    const { id } = await system.fetched(`http://anna:p4ssw0rd@127.0.0.1:${port}/film.mp4${signed}`)
    const rows = await system.sql`
      select v.*, t.error, r.error as run_error from videos v
      join tasks t on t.video_id = v.id join task_runs r on r.task_id = t.id where v.id = ${id}`
    expect(rows).toHaveLength(2)
    const events = await system.sql`select data from events where video_id = ${id}`
    const log = system.logged.filter((line) => line.includes(id))
    expect(log.length).toBeGreaterThan(2)
    expect(JSON.stringify([rows, events, log])).not.toMatch(/p4ssw0rd|5ec2e7|t0k3n/)
  })
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
