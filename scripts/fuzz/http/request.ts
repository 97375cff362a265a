import { Buffer } from 'node:buffer'

/**
 * A request as it goes out: each character of its texts is one byte (latin1), so that nothing on the way
 * makes them well-formed.
 */
export type FuzzRequest = {
  method: string
  /** As in the first line: path and query. */
  target: string
  /** But for Host and what frames the body, which `toBytes` adds. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Buffer | null
  /** Sends the body in chunks, without a length. */
  chunked: boolean
}

/** The bytes of HTTP/1.1 (RFC 9112), framed as their length is. */
export function toBytes({ method, target, headers, body, chunked }: FuzzRequest): Buffer {
  const named = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', 'fuzz']]
  const framing = body === null ? [] : [chunked ? ['Transfer-Encoding', 'chunked'] : lengthOf(body)]
  const lines = [...named, ...headers, ...framing].map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
  return Buffer.concat([head, ...(body === null ? [] : chunked ? inChunks(body) : [body])])
}

/** A text of any characters as the bytes of its UTF-8, one character each. */
export function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function lengthOf(body: Buffer): [string, string] {
  return ['Content-Length', String(body.length)]
}

function inChunks(body: Buffer): Buffer[] {
  const middle = Math.ceil(body.length / 2)
  const parts = [body.subarray(0, middle), body.subarray(middle)].filter((part) => part.length > 0)
  const chunks = parts.flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}\r\n`),
    part,
    Buffer.from('\r\n'),
  ])
  return [...chunks, Buffer.from('0\r\n\r\n')]
}
