import type { Connection } from './connection.ts'

export type Answer = {
  status: number
  headers: Headers
  body: Buffer
  /** Another request may follow on the connection. */
  goesOn: boolean
}

/** The next answer of a connection (RFC 9112 §6.3); of a stream of events the head alone. */
export async function readAnswer(connection: Connection, { method }: { method: string }): Promise<Answer> {
  for (;;) {
    const { status, headers } = parseHead((await connection.until('\r\n\r\n')).toString('latin1'))
    if (status < 200) continue
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304 && !isStream
    const isFramed = headers.has('content-length') || headers.has('transfer-encoding')
    const body = hasBody ? await readBody(connection, headers) : Buffer.alloc(0)
    const goesOn = !isStream && headers.get('connection') !== 'close' && (isFramed || !hasBody)
    return { status, headers, body, goesOn }
  }
}

async function readBody(connection: Connection, headers: Headers): Promise<Buffer> {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(connection)
  const length = headers.get('content-length')
  return length === null ? connection.rest() : connection.exactly(Number(length))
}

async function readChunks(connection: Connection): Promise<Buffer> {
  const parts: Buffer[] = []
  for (;;) {
    const length = Number.parseInt((await connection.until('\r\n')).toString(), 16)
    const part = await connection.exactly(length + 2)
    if (length === 0) return Buffer.concat(parts)
    parts.push(part.subarray(0, length))
  }
}

/** Throws for what is no answer. */
function parseHead(text: string): { status: number; headers: Headers } {
  const [first = '', ...lines] = text.trimEnd().split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
  if (Number.isNaN(status)) throw new Error(`this is no answer: ${first.slice(0, 200)}`)
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status, headers }
}
