import { unescape as percentDecoded } from 'node:querystring'
import { type Dispatcher, request } from 'undici'
import { messageOf, PermanentError, StepladderError, TransientError } from '../errors.ts'

const maxRedirects = 5

type Response = Dispatcher.ResponseData
export type Download = { body: Response['body']; totalBytes: number | null }

/**
 * Opens a caller's URL: http(s) only, at most five redirects, each checked again by the agent.
 * Throws PermanentError `source_forbidden`, `source_not_found`, `source_refused`, `source_too_large`,
 * `source_too_slow` (when `signal` ran out) and TransientError `source_unreachable`.
 */
export async function openDownload(
  url: string,
  options: { agent: Dispatcher; maxBytes: number; signal: AbortSignal },
): Promise<Download> {
  let at = new URL(url)
  const credentials = basicCredentials(at)
  const { origin } = at
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await send(at, at.origin === origin ? credentials : {}, options)
    if (response.statusCode === 200) return checkSize(response, options.maxBytes)
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
  options: { agent: Dispatcher; signal: AbortSignal },
): Promise<Response> {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'stepladder', ...credentials }
  try {
    return await request(plain, { headers, dispatcher: options.agent, signal: options.signal })
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

function checkSize(response: Response, maxBytes: number): Download {
  const length = response.headers['content-length']
  const totalBytes = typeof length === 'string' ? Number(length) : null
  if (totalBytes === null || totalBytes <= maxBytes) return { body: response.body, totalBytes }
  discard(response)
  throw new PermanentError(
    'source_too_large',
    `the source has ${totalBytes} bytes, more than the ${maxBytes} allowed`,
  )
}

/** Closes the connection: reading the rest would let the other side keep us waiting. */
function discard({ body }: Response): void {
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
