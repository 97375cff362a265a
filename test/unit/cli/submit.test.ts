import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { submitJob } from '../../../src/cli/client/submit.ts'

/** Answers the requests in turn; returns the keys they came with. */
async function server(...answers: RequestListener[]) {
  const keys: unknown[] = []
  const http = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'])
    answers[keys.length - 1]?.(request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { baseUrl: `http://127.0.0.1:${port}`, keys, [Symbol.asyncDispose]: async () => void http.close() }
}

const refuse =
  (status: number): RequestListener =>
  (_, response) =>
    response
      .writeHead(status, { 'retry-after': '0' })
      .end(JSON.stringify({ title: 'No', code: `refused_${status}` }))
const hangUp: RequestListener = (request) => request.socket.destroy()
const job = { source: { url: 'https://example.org/film.mp4' } }

test.each<[string, RequestListener]>([
  ['a lost connection', hangUp],
  ['a 503', refuse(503)],
  ['a 409', refuse(409)],
])('a job is sent once more after %s, under the same key', async (_, first) => {
  await using api = await server(first, refuse(422))
  await expect(submitJob(api.baseUrl, job)).rejects.toMatchObject({ code: 'refused_422' })
  expect(api.keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), api.keys[0]])
})

test('no is taken for an answer, and a second loss too', async () => {
  await using refusing = await server(refuse(422))
  await expect(submitJob(refusing.baseUrl, job)).rejects.toMatchObject({ code: 'refused_422' })
  await using away = await server(refuse(503), refuse(503))
  await expect(submitJob(away.baseUrl, job)).rejects.toMatchObject({ code: 'refused_503' })
})

test('who asks too often waits as told, a few times, and then takes no for an answer', async () => {
  await using patient = await server(refuse(429), refuse(429), refuse(422))
  await expect(submitJob(patient.baseUrl, job)).rejects.toMatchObject({ code: 'refused_422' })
  expect(new Set(patient.keys).size).toBe(1)
  await using full = await server(...Array<RequestListener>(4).fill(refuse(429)))
  await expect(submitJob(full.baseUrl, job)).rejects.toMatchObject({ code: 'refused_429' })
  expect(full.keys).toHaveLength(4)
})
