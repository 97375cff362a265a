import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openConnection } from '../../../scripts/fuzz/http/connection.ts'
import { type Answer, readAnswer } from '../../../scripts/fuzz/http/read-answer.ts'
import { answerMalformed } from '../../../src/api/malformed.ts'
import { problemSchema } from '../../../src/api/openapi/problem-answers.ts'
import { createLog } from '../../../src/log.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let api: ApiUnderTest
let port: number

beforeAll(async () => {
  api = await startApi()
  port = Number(new URL(api.url).port)
})
afterAll(() => api[Symbol.asyncDispose]())

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 'malformed_request 400'],
  ['the first bytes of TLS', '\x16\x03\x01\x02\0\x01\0\x01', 'malformed_request 400'],
  ['a method that is none', 'FUZZ /limits HTTP/1.1\r\nHost: localhost\r\n\r\n', 'malformed_request 400'],
  ['an address that is no path', 'GET limits HTTP/1.1\r\nHost: localhost\r\n\r\n', 'malformed_request 400'],
  ['a backslash in the path', 'GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n', 'malformed_request 400'],
  ['no Host', 'GET /limits HTTP/1.1\r\n\r\n', 'malformed_request 400'],
  ['a Host that is none', 'GET /limits HTTP/1.1\r\nHost: a/b\r\n\r\n', 'malformed_request 400'],
  [
    'two lengths',
    'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'malformed_request 400',
  ],
  [
    'a length and chunks',
    'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na',
    'malformed_request 400',
  ],
  [
    'a chunk that is none',
    'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    'malformed_request 400',
  ],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'headers_too_large 431',
  ],
])('%s is answered with a problem', async (_what, bytes, expected) => {
  using connection = await openConnection(port)
  connection.socket.write(Buffer.from(bytes, 'latin1'))
  const answer = await readAnswer(connection, { method: 'GET' })
  const problem = problemOf(answer)
  expect(`${problem.code} ${answer.status}`).toBe(expected)
  expect(problem.request_id).toBe(answer.headers.get('x-request-id'))
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  if (answer.headers.get('connection') === 'close') await connection.rest()
})

test('a request that ends before its length is answered as malformed', async () => {
  using connection = await openConnection(port)
  connection.socket.end(
    'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  )
  expect(problemOf(await readAnswer(connection, { method: 'POST' })).code).toBe('malformed_request')
})

test('a request that takes too long is answered, too', async () => {
  const server = createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 })
  answerMalformed(server, createLog('test', 'silent'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  using connection = await openConnection((server.address() as AddressInfo).port)
  connection.socket.write('GET / HTTP/1.1\r\n')
  const answer = await readAnswer(connection, { method: 'GET' })
  expect(`${problemOf(answer).code} ${answer.status}`).toBe('request_too_slow 408')
  server.close()
})

test('what is malformed behind a good request does not touch the answer to that', async () => {
  using connection = await openConnection(port)
  connection.socket.write('GET /limits HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await readAnswer(connection, { method: 'GET' })).status).toBe(200)
  connection.socket.write('nonsense\r\n\r\n')
  expect(problemOf(await readAnswer(connection, { method: 'GET' })).code).toBe('malformed_request')
})

test('nothing is written into an event stream whose client sends nonsense', async () => {
  using connection = await openConnection(port)
  connection.socket.write('GET /progress HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const stream = await readAnswer(connection, { method: 'GET' })
  expect(stream.headers.get('content-type')).toContain('text/event-stream')
  connection.socket.write('nonsense\r\n\r\n')
  expect((await connection.rest()).toString()).not.toContain('malformed_request')
})

test('an expectation that nobody knows is ignored, and 100-continue is told to go on', async () => {
  using connection = await openConnection(port)
  connection.socket.write('GET /limits HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n')
  expect((await readAnswer(connection, { method: 'GET' })).status).toBe(200)
  connection.socket.write(
    'POST /uploads HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n',
  )
  expect((await connection.until('\r\n\r\n')).toString()).toContain('100 Continue')
  connection.socket.write('{}')
  expect((await readAnswer(connection, { method: 'POST' })).status).toBe(201)
})

function problemOf({ headers, body }: Answer) {
  expect(headers.get('content-type')).toBe('application/problem+json')
  return problemSchema.parse(JSON.parse(body.toString()))
}
