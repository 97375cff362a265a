import { randomUUID } from 'node:crypto'
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError } from '@hono/node-server'
import { StepladderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type Problem, problemOf } from './problem.ts'
import { requestIdHeader } from './request-id.ts'
import { headersOfAll } from './secure-headers.ts'

/**
 * Answers what is no HTTP request, which no route sees: a problem like any other (RFC 9457), and the connection
 * is closed, since nobody could say where the next request begins.
 */
export function answerMalformed(server: Server, log: Log): void {
  const latest = new WeakMap<Duplex, ServerResponse>()
  server.on('request', (request, response) => latest.set(request.socket, response))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = latest.get(socket)
    const isInAnswer = response?.headersSent === true && !response.writableFinished
    // Within an answer there is no place for another one.
    if (isInAnswer || !socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    socket.end(textOf(refused(verdictOn(error), log)), () => socket.destroy())
  })
  // 100-continue is Node's own matter. Any other expectation may be ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** For what the adaptor cannot hand to the routes: an address or a Host that is none. */
export function malformedResponse(error: unknown, log: Log): Response {
  const { status, headers, body } = refused(isOfAdaptor(error) ? verdictOn(error) : error, log)
  return new Response(body, { status, headers })
}

function isOfAdaptor(error: unknown): error is Error {
  return error instanceof RequestError
}

/** The codes are those of `clientError` in https://nodejs.org/api/http.html and of llhttp. */
function verdictOn(error: NodeJS.ErrnoException): StepladderError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new StepladderError('headers_too_large', 'address and headers may have 16 KiB at most')
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new StepladderError('request_too_slow', 'the request did not arrive in time')
  }
  return new StepladderError('malformed_request', 'this is no request of HTTP/1.1', { cause: error })
}

function refused(error: unknown, log: Log): Problem {
  const requestId = randomUUID()
  const problem = problemOf(error, requestId)
  const { status, code } = problem
  const entry = { request_id: requestId, status, code }
  if (status >= 500) log.error({ ...entry, err: error }, 'request failed')
  else log.debug(entry, 'request')
  const headers = { ...headersOfAll, ...problem.headers, [requestIdHeader]: requestId }
  return { ...problem, headers }
}

function textOf({ status, headers, body }: Problem): string {
  const framing = { 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' }
  const lines = Object.entries({ ...headers, ...framing }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
