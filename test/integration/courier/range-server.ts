import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type Answer, type Source, startSource } from './source-server.ts'

export type RangeSource = Source & { asked: IncomingHttpHeaders[] }
type Version = { body: Buffer; headers?: OutgoingHttpHeaders; cutAt?: number | undefined }

/** A server that gives its answers one after the other, the last for ever, and notes what it was asked with. */
export async function startAnswers(...answers: [Answer, ...Answer[]]): Promise<RangeSource> {
  const asked: IncomingHttpHeaders[] = []
  const rest = [...answers]
  const source = await startSource((request, response) => {
    asked.push(request.headers)
    const answer = rest.length > 1 ? rest.shift() : rest[0]
    answer?.(request, response)
  })
  return Object.assign(source, { asked })
}

/** The `n` of `Range: bytes=n-`, null where none was asked for. */
export function fromOf({ headers }: { headers: IncomingMessage['headers'] }): number | null {
  const found = /^bytes=(\d+)-$/.exec(headers.range ?? '')
  return found ? Number(found[1]) : null
}

/**
 * As RFC 9110 has it: a 206 where `If-Range` still holds, else the whole. With `cutAt` the connection ends once
 * this byte of the body has been sent; what the other side has read by then nobody can tell.
 */
export function serveRanges({ body, headers = { etag: '"v1"' }, cutAt }: Version): Answer {
  return (request, response) => {
    const condition = request.headers['if-range']
    const holds = condition === headers.etag || condition === headers['last-modified']
    const from = (holds && fromOf(request)) || 0
    const isPart = holds && fromOf(request) !== null
    const place = isPart && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }
    response.writeHead(isPart ? 206 : 200, { 'content-length': body.length - from, ...place, ...headers })
    sendAndCut(response, body.subarray(from, cutAt), cutAt !== undefined)
  }
}

/** The body without its length in front, cut likewise. */
export function serveChunked({ body, headers = { etag: '"v1"' }, cutAt }: Version): Answer {
  return (_, response) => {
    response.writeHead(200, headers)
    sendAndCut(response, body.subarray(0, cutAt), cutAt !== undefined)
  }
}

function sendAndCut(response: ServerResponse, bytes: Buffer, cut: boolean): void {
  if (cut) response.write(bytes, () => response.socket?.end())
  else response.end(bytes)
}

/** A 206 made of the byte that was asked for. */
export function serve206(
  make: (from: number) => { headers: OutgoingHttpHeaders; body: Buffer | string },
): Answer {
  return (request, response) => {
    const { headers, body } = make(fromOf(request) ?? 0)
    response.writeHead(206, headers).end(body)
  }
}
