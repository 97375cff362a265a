import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openDownload } from '../../../src/courier/download.ts'
import { createSafeAgent } from '../../../src/courier/safe-connect.ts'
import { wholeBody } from '../../../src/courier/whole-body.ts'
import { fromOf, serve206, serveRanges, startAnswers } from './range-server.ts'
import type { Source } from './source-server.ts'

const mebibyte = 2 ** 20
const film = randomBytes(19 * mebibyte)
const etag = '"v1"'
const cut = (cutAt: number) => serveRanges({ body: film, cutAt })

/** All bytes of the source's film, with pauses of `pauseMs`, 2 × `pauseMs`, … */
async function readAll(source: Source, options: { pauseMs?: number; limit?: AbortController } = {}) {
  const { pauseMs = 1, limit = new AbortController() } = options
  const agent = createSafeAgent({ allowPrivate: true })
  const asking = { agent, maxBytes: film.length, signal: limit.signal }
  try {
    const first = await openDownload(source.url('/film.mp4'), asking)
    const pieces: Buffer[] = []
    const body = wholeBody(
      first,
      (rest) => openDownload(source.url('/film.mp4'), { ...asking, rest }),
      // The clock runs out while it waits.
      { signal: limit.signal, pauseMs, onBreak: () => pauseMs > 1000 && limit.abort(timeIsUp()) },
    )
    for await (const piece of body) pieces.push(piece)
    return Buffer.concat(pieces)
  } finally {
    await agent.destroy()
  }
}

const timeIsUp = () => new DOMException('time is up', 'TimeoutError')

test('a server that hands out byte after byte is given up after eight more answers', async () => {
  await using source = await startAnswers(cut(10), (request, response) => {
    const from = fromOf(request) ?? 0
    return serveRanges({ body: film, cutAt: from + 1 })(request, response)
  })
  await expect(readAll(source)).rejects.toMatchObject({ name: 'TransientError', code: 'source_unreachable' })
  expect(source.asked).toHaveLength(9)
})

test('one that answers and sends nothing, too', async () => {
  await using source = await startAnswers(cut(10), (request, response) =>
    serveRanges({ body: film, cutAt: fromOf(request) ?? 0 })(request, response),
  )
  await expect(readAll(source)).rejects.toMatchObject({ name: 'TransientError', code: 'source_unreachable' })
  expect(source.asked).toHaveLength(9)
})

test('one that breaks off more often is read to its end as long as there is progress', async () => {
  const little = (behind: number) => Array.from({ length: 6 }, (_, n) => cut(behind + n * 1000))
  await using source = await startAnswers(
    ...[cut(1000), ...little(2000), cut(9 * mebibyte), ...little(9 * mebibyte + 2000)],
    serveRanges({ body: film }),
  )
  expect((await readAll(source)).equals(film)).toBe(true)
  expect(source.asked).toHaveLength(15)
})

test('the time for all of it runs out while it waits, too', async () => {
  await using source = await startAnswers(cut(10))
  await expect(readAll(source, { pauseMs: 60_000 })).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'source_too_slow',
  })
  expect(source.asked).toHaveLength(1)
  // Less than half the longest pause, which it would be else.
}, 14_000)

test('a source that grows beyond what is allowed is refused before the rest is read', async () => {
  const range = (from: number) => `bytes ${from}-${film.length}/${film.length + 1}`
  await using source = await startAnswers(
    (_, response) =>
      response.writeHead(200, { etag }).write(film.subarray(0, 1000), () => response.socket?.end()),
    serve206((from) => ({ headers: { etag, 'content-range': range(from) }, body: 'x' })),
  )
  await expect(readAll(source)).rejects.toMatchObject({ code: 'source_too_large' })
})

test('a source that is gone meanwhile, or refused, is not asked for again', async () => {
  for (const [status, code] of [
    [404, 'source_not_found'],
    [403, 'source_refused'],
  ] as const) {
    await using source = await startAnswers(cut(10), (_, response) => response.writeHead(status).end())
    await expect(readAll(source)).rejects.toMatchObject({ name: 'PermanentError', code })
    expect(source.asked).toHaveLength(2)
  }
})
