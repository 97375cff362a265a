import { unescape as percentDecoded } from 'node:querystring'
import { type Dispatcher, request } from 'undici'
import { messageOf, PermanentError, StepladderError, TransientError } from '../errors.ts'
import { type ByteRange, parseContentRange, type Validator } from './byte-range.ts'

const maxRedirects = 5
/** Some stores say `aws-chunked` and send the bytes as they are; these are what a body is really packed in. */
const packed = /\b(?:x-)?(?:gzip|compress|deflate|br|zstd)\b/i

type Response = Dispatcher.ResponseData
export type Download = {
  status: number
  headers: Response['headers']
  body: Response['body']
  /** After all redirects. */
  url: URL
  /** Which bytes these are, where the server says so. */
  range: ByteRange | null
  /** Of the whole source; null where the server does not say. */
  totalBytes: number | null
}

export type DownloadOptions = {
  agent: Dispatcher
  maxBytes: number
  signal: AbortSignal
  /** The bytes from here on, if the source still is what the validator says; else all of it. */
  rest?: { from: number; validator: Validator }
}

/**
 * Opens a caller's URL: http(s) only, at most five redirects, each checked again by the agent. The answer is a
 * 200 or, where the `rest` was asked for, perhaps a 206 or 416: the caller holds it against what it has.
 * Throws PermanentError `source_forbidden`, `source_not_found`, `source_refused`, `source_too_large`,
 * `source_too_slow` (when `signal` ran out) and TransientError `source_unreachable`.
 */
export async function openDownload(url: string, options: DownloadOptions): Promise<Download> {
  let at = new URL(url)
  const credentials = basicCredentials(at)
  const { origin } = at
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await send(at, at.origin === origin ? credentials : {}, options)
    if ((options.rest ? [200, 206, 416] : [200]).includes(response.statusCode)) {
      return checked(response, at, options.maxBytes)
    }
    discard(response)
    const { location } = response.headers
    if (response.statusCode < 300 || response.statusCode >= 400 || typeof location !== 'string') {
      throw refusal(response.statusCode)
    }
    at = redirected(location, at)
  }
  throw new PermanentError('source_refused', `the source redirects more than ${maxRedirects} times`)
}

async function send(
  url: URL,
  credentials: Record<string, string>,
  { agent, signal, rest }: DownloadOptions,
): Promise<Response> {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  const headers = {
    'accept-encoding': 'identity',
    'user-agent': 'stepladder',
    ...(rest && { range: `bytes=${rest.from}-`, 'if-range': rest.validator.value }),
    ...credentials,
  }
  try {
    return await request(plain, { headers, dispatcher: agent, signal })
  } catch (error) {
    throw asSourceError(error)
  }
}

/** What a failed connection or a broken body means for the job. */
export function asSourceError(error: unknown): StepladderError {
  if (error instanceof StepladderError) return error
  const cause = { cause: error }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new PermanentError('source_too_slow', 'the source took longer than allowed to download', cause)
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') {
    return new PermanentError('source_not_found', 'the host of the source does not exist', cause)
  }
  return new TransientError('source_unreachable', `the source could not be read: ${messageOf(error)}`, cause)
}

function redirected(location: string, from: URL): URL {
  const to = URL.parse(location, from.href)
  if (!to) throw new PermanentError('source_refused', 'the source redirects to what is no URL')
  if (to.protocol === 'http:' || to.protocol === 'https:') return to
  throw new PermanentError('source_forbidden', `the source redirects to ${to.protocol} which is not allowed`)
}

/** Throws where the source is too large by what the server says, or packed though it was asked not to be. */
function checked(response: Response, url: URL, maxBytes: number): Download {
  const { statusCode: status, headers, body } = response
  const length = headers['content-length']
  const range = status === 206 ? parseContentRange(headers['content-range']) : null
  const whole = status === 200 && typeof length === 'string' ? Number(length) : null
  const totalBytes = range?.totalBytes ?? whole
  const encoding = String(headers['content-encoding'] ?? '')
  if (!packed.test(encoding) && (totalBytes ?? 0) <= maxBytes) {
    return { status, headers, body, url, range, totalBytes }
  }
  discard(response)
  throw packed.test(encoding)
    ? new PermanentError('source_refused', 'the source comes compressed, though it was asked for as it is')
    : new PermanentError(
        'source_too_large',
        `the source has ${totalBytes} bytes, more than the ${maxBytes} allowed`,
      )
}

/** Closes the connection: reading the rest would let the other side keep us waiting. */
export function discard({ body }: Pick<Response, 'body'>): void {
  // It tells of its early end by an error, which nobody needs.
  body.on('error', () => {}).destroy()
}

function refusal(status: number): StepladderError {
  const message = `the source's server answered HTTP ${status}`
  if (status === 404 || status === 410) return new PermanentError('source_not_found', message)
  if (status >= 500 || status === 408 || status === 429) {
    return new TransientError('source_unreachable', message)
  }
  return new PermanentError('source_refused', message)
}

/** A stray % stands for itself. */
function basicCredentials({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {}
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
