import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CourierSystem, createCourierSystem, storedBytes } from './courier-system.ts'
import { fromOf, serve206, serveChunked, serveRanges, startAnswers } from './range-server.ts'
import { type Answer, serve, startSource } from './source-server.ts'

const partBytes = 8 * 2 ** 20
const film = randomBytes(partBytes + 900_000)
const cutAt = 500_000
/** Of what was sent before the end of a connection, this much may never be read. */
const unreadBytes = 256 * 1024
const etag = '"v1"'
const settled = { 'last-modified': 'Tue, 15 Nov 1994 12:45:26 GMT' }

let system: CourierSystem
beforeAll(async () => {
  system = await createCourierSystem({ courier: true })
})
afterAll(() => system[Symbol.asyncDispose]())

/** The object is `body`, and nothing else is kept. */
async function arrives(url: string, body: Buffer, { attempt } = { attempt: 0 }): Promise<string> {
  const video = await system.fetched(url)
  expect(video).toMatchObject({ state: 'done', attempt, error_code: null, source_size_bytes: body.length })
  expect((await storedBytes(system.storage, video.source_key)).equals(body)).toBe(true)
  expect(await system.kept(video.id)).toEqual([video.source_key])
  return video.id
}

const logOf = (id: string) => system.logged.filter((line) => line.includes(id)).join('')

describe.concurrent('a download that breaks off goes on where it was', () => {
  const cuts = [1, cutAt, partBytes - 1, partBytes, partBytes + 1, film.length - 1]
  test.for(cuts)('when %i bytes were sent', async (at) => {
    await using source = await startAnswers(
      serveRanges({ body: film, cutAt: at }),
      serveRanges({ body: film }),
    )
    const id = await arrives(source.url('/film.mp4'), film)
    const [first, second, ...others] = source.asked
    expect([first?.range, others]).toEqual([undefined, []])
    expect(second).toMatchObject({ 'if-range': etag, 'accept-encoding': 'identity' })
    expect(second && fromOf({ headers: second })).toBeGreaterThan(at - unreadBytes)
    expect(second && fromOf({ headers: second })).toBeLessThanOrEqual(at)
    expect(logOf(id)).toContain('source broke off, going on')
  })

  test('again and again', async () => {
    const cut = (at: number) => serveRanges({ body: film, cutAt: at })
    await using source = await startAnswers(
      ...([cut(cutAt), cut(2 * cutAt), cut(partBytes + 1)] as const),
      serveRanges({ body: film }),
    )
    await arrives(source.url('/film.mp4'), film)
    expect(source.asked).toHaveLength(4)
  })

  test('by the date of its last change, where there is no ETag', async () => {
    await using source = await startAnswers(
      serveRanges({ body: film, headers: settled, cutAt }),
      serveRanges({ body: film, headers: settled }),
    )
    await arrives(source.url('/film.mp4'), film)
    expect(source.asked[1]).toMatchObject({ 'if-range': settled['last-modified'] })
  })

  test('though its length was not known', async () => {
    await using source = await startAnswers(serveChunked({ body: film, cutAt }), serveRanges({ body: film }))
    await arrives(source.url('/film.mp4'), film)
    expect(source.asked).toHaveLength(2)
  })

  test('though the server is busy first, and gives less than was asked for', async () => {
    const little = serve206((from) => ({
      headers: { etag, 'content-range': `bytes ${from}-${from + 999}/${film.length}` },
      body: film.subarray(from, from + 1000),
    }))
    await using source = await startAnswers(
      serveRanges({ body: film, cutAt }),
      (_, response) => response.writeHead(503).end('later'),
      little,
      serveRanges({ body: film }),
    )
    await arrives(source.url('/film.mp4'), film)
    const froms = source.asked.map((headers) => fromOf({ headers }) ?? 0)
    expect(froms).toEqual([0, froms[1], froms[1], (froms[1] ?? 0) + 1000])
  })

  test('when the connection is reset in the midst of it', async () => {
    let held: ServerResponse | undefined
    await using source = await startAnswers(
      (_, response) => {
        held = response
        response
          .writeHead(200, { etag, 'content-length': film.length })
          .write(film.subarray(0, partBytes + 99))
      },
      serveRanges({ body: film }),
    )
    const id = await system.submit(source.url('/film.mp4'))
    // Its first part is on the way to the store.
    await expect.poll(() => system.kept(id)).toHaveLength(1)
    held?.socket?.resetAndDestroy()
    const video = await system.until(id, ({ state }) => state === 'done')
    expect(video).toMatchObject({ attempt: 0, source_size_bytes: film.length })
    expect((await storedBytes(system.storage, video.source_key)).equals(film)).toBe(true)
    expect(source.asked).toHaveLength(2)
  })

  test('when the server was away meanwhile', async () => {
    const listen = (answer: Answer, at: number) =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer(answer).listen(at, '127.0.0.1', () => resolve(server))
      })
    const ended = Promise.withResolvers<void>()
    const before = await listen((request, response) => {
      before.close(() => ended.resolve())
      serveRanges({ body: film, cutAt })(request, response)
    }, 0)
    const { port } = before.address() as AddressInfo
    const arrived = arrives(`http://127.0.0.1:${port}/film.mp4`, film)
    await ended.promise
    const after = await listen(serveRanges({ body: film }), port)
    await arrived
    after.closeAllConnections()
    await new Promise((resolve) => after.close(resolve))
  })

  test('through redirects, which are followed anew', async () => {
    const signed = (token: string): Answer => {
      return (_, response) => response.writeHead(302, { location: `/film.mp4?token=${token}` }).end()
    }
    await using source = await startAnswers(
      ...([signed('a'), serveRanges({ body: film, cutAt })] as const),
      ...[signed('b'), serveRanges({ body: film })],
    )
    await arrives(source.url('/film'), film)
    const paths = source.requests.map(({ path }) => path)
    expect(paths).toEqual(['/film', '/film.mp4?token=a', '/film', '/film.mp4?token=b'])
  })
})

describe.concurrent('a download that cannot go on begins anew, and nothing of two files is mixed', () => {
  const other = randomBytes(film.length)
  const changed = serveRanges({ body: other, headers: { etag: '"v2"' } })
  const place = (first: number, last = film.length - 1, total: number | string = film.length) => ({
    etag,
    'content-range': `bytes ${first}-${last}/${total}`,
  })
  const tail = (from: number) => other.subarray(from)
  const cases: [name: string, answer: Answer, reason: string][] = [
    ['the file changed: 200', changed, 'it changed, or is sent as a whole only'],
    [
      'a 206 of another version',
      serve206((from) => ({ headers: { ...place(from), etag: '"v2"' }, body: tail(from) })),
      'it changed',
    ],
    [
      'a 206 of much the same version',
      serve206((from) => ({ headers: { ...place(from), etag: 'W/"v1"' }, body: tail(from) })),
      'it changed',
    ],
    [
      'a 206 of an unnamed version',
      serve206((from) => ({ headers: { 'content-range': place(from)['content-range'] }, body: tail(from) })),
      'it changed',
    ],
    [
      'a 206 from further on',
      serve206((from) => ({ headers: place(from + 1), body: tail(from + 1) })),
      'the server sent bytes from',
    ],
    ['a 206 from the beginning', serve206(() => ({ headers: place(0), body: other })), 'bytes from 0 on'],
    [
      'a 206 of a longer file',
      serve206((from) => ({ headers: place(from, film.length - 1, film.length + 1), body: tail(from) })),
      'its size changed',
    ],
    [
      'a 206 of a file of unknown length',
      serve206((from) => ({ headers: place(from, film.length - 1, '*'), body: tail(from) })),
      'does not say which bytes',
    ],
    ['a 206 without a place', serve206((from) => ({ headers: { etag }, body: tail(from) })), 'does not say'],
    [
      'a 206 in another unit',
      serve206((from) => ({ headers: { etag, 'content-range': `seconds ${from}-9/10` }, body: tail(from) })),
      'does not say which bytes',
    ],
    [
      'a 206 with more bytes than it says',
      serve206((from) => ({ headers: place(from, from + 9), body: tail(from) })),
      'the server sent more than it said',
    ],
    [
      'a 206 in several parts',
      serve206((from) => ({
        headers: { etag, 'content-type': 'multipart/byteranges; boundary=x' },
        body: `--x\r\nContent-Range: bytes ${from}-${from + 1}/${film.length}\r\n\r\nab\r\n--x--\r\n`,
      })),
      'does not say which bytes',
    ],
    ['a 416', (_, response) => response.writeHead(416).end(), 'it ends before'],
    [
      'another file by a redirect',
      (request, response) =>
        request.url === '/other'
          ? serve206((from) => ({ headers: place(from), body: tail(from) }))(request, response)
          : response.writeHead(302, { location: '/other' }).end(),
      'it is elsewhere now',
    ],
  ]
  test.for(cases)('%s', async ([, second, reason]) => {
    await using source = await startSource((request, response) => {
      if (source.requests.length === 1) return serveRanges({ body: film, cutAt })(request, response)
      if (request.headers.range) return second(request, response)
      return changed(request, response)
    })
    const id = await arrives(source.url('/film.mp4'), other, { attempt: 1 })
    expect(logOf(id)).toMatch(new RegExp(`the source broke off after \\d+ bytes .*${reason}`))
  })

  const untold: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['a weak ETag', { etag: 'W/"v1"', ...settled }],
    ['a change of this moment', { 'last-modified': new Date().toUTCString() }],
    ['an ETag, and that there are no ranges', { etag, 'accept-ranges': 'none' }],
  ]
  test.for(untold)('a server that tells %s is not asked for a range', async ([, headers]) => {
    await using source = await startAnswers(serveRanges({ body: film, headers, cutAt }), serve(other))
    await arrives(source.url('/film.mp4'), other, { attempt: 1 })
    expect(source.asked.map(({ range }) => range)).toEqual([undefined, undefined])
  })
})

describe.concurrent('a source that comes compressed is refused', () => {
  const headers = { 'content-encoding': 'gzip', etag }
  const refuses = async (url: string) => {
    const video = await system.fetched(url)
    expect(video).toMatchObject({ status: 'failed', error_code: 'source_refused', attempt: 0 })
    expect(await system.kept(video.id)).toEqual([])
  }

  test('from the beginning', async () => {
    const packed = gzipSync(film)
    await using source = await startSource((_, response) => response.writeHead(200, headers).end(packed))
    await refuses(source.url('/film.mp4'))
  })

  test('where it should go on', async () => {
    const packed = serve206((from) => ({
      headers: { ...headers, 'content-range': `bytes ${from}-${film.length - 1}/${film.length}` },
      body: gzipSync(film.subarray(from)),
    }))
    await using source = await startAnswers(serveRanges({ body: film, cutAt }), packed)
    await refuses(source.url('/film.mp4'))
  })

  test('unless it only says so, as some stores do', async () => {
    await using source = await startSource(
      serveRanges({ body: film, headers: { etag, 'content-encoding': 'aws-chunked' } }),
    )
    await arrives(source.url('/film.mp4'), film)
  })
})
