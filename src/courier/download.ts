import type { Readable } from 'node:stream'
import { type Agent, request } from 'undici'
import { messageOf, PermanentError, StepladderError, TransientError } from '../errors.ts'

const maxRedirects = 5

export type Download = { body: Readable; totalBytes: number | null }

/**
 * Opens a caller's URL: http(s) only, at most five redirects, each checked again by the agent.
 * Throws PermanentError `source_forbidden`, `source_not_found`, `source_refused`, `source_too_large`
 * and TransientError `source_unreachable`.
 */
export async function openDownload(
  url: string,
  options: { agent: Agent; maxBytes: number; signal: AbortSignal },
): Promise<Download> {
  let at = new URL(url)
  const credentials = basicCredentials(at)
  const origin = at.origin
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    if (at.protocol !== 'http:' && at.protocol !== 'https:') {
      throw new PermanentError(
        'source_forbidden',
        `the source redirects to ${at.protocol} which is not allowed`,
      )
    }
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'stepladder' }
    const authorized =
      credentials && at.origin === origin ? { ...headers, authorization: credentials } : headers
    const response = await send(at, authorized, options)
    const location = response.headers.location
    if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
      await response.body.dump()
      at = new URL(location, at)
      continue
    }
    if (response.statusCode === 200) return checkSize(response, options.maxBytes)
    await response.body.dump()
    throw refusal(response.statusCode)
  }
  throw new PermanentError('source_refused', `the source redirects more than ${maxRedirects} times`)
}

type Response = Awaited<ReturnType<typeof request>>

async function send(
  url: URL,
  headers: Record<string, string>,
  options: { agent: Agent; signal: AbortSignal },
): Promise<Response> {
  try {
    const plain = new URL(url)
    plain.username = ''
    plain.password = ''
    return await request(plain, { headers, dispatcher: options.agent, signal: options.signal })
  } catch (error) {
    throw asSourceError(error)
  }
}

/** What a failed connection or a broken body means for the job. */
export function asSourceError(error: unknown): unknown {
  if (error instanceof StepladderError || (error instanceof Error && error.name === 'AbortError'))
    return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'ERR_INVALID_URL') {
    return new PermanentError('source_unreachable', 'the host of the source does not exist', { cause: error })
  }
  return new TransientError('source_unreachable', `the source could not be read: ${messageOf(error)}`, {
    cause: error,
  })
}

function checkSize(response: Response, maxBytes: number): Download {
  const length = response.headers['content-length']
  const totalBytes = typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : null
  if (totalBytes !== null && totalBytes > maxBytes) {
    response.body.destroy()
    throw new PermanentError(
      'source_too_large',
      `the source has ${totalBytes} bytes, more than the ${maxBytes} allowed`,
    )
  }
  return { body: response.body, totalBytes }
}

function refusal(status: number): StepladderError {
  if (status === 404 || status === 410) {
    return new PermanentError('source_not_found', `the source's server answered HTTP ${status}`)
  }
  if (status >= 500 || status === 408 || status === 429) {
    return new TransientError('source_unreachable', `the source's server answered HTTP ${status}`)
  }
  return new PermanentError('source_refused', `the source's server answered HTTP ${status}`)
}

function basicCredentials(url: URL): string | null {
  if (!url.username && !url.password) return null
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
