import { type Dispatcher, request } from 'undici'
import { StepladderError } from '../errors.ts'
import { type Answer, retryAfterMs } from '../webhooks/schedule.ts'
import { readableText } from './readable-text.ts'

/** Of the answer's body; the rest is not waited for. */
const maxAnswerBytes = 4 * 1024

/**
 * One POST to a caller's address: no redirects, a connection of its own, and `timeoutMs` for all of it. The
 * status decides, so an answer whose body never ends is an answer. Never throws.
 */
export async function postWebhook(
  url: string,
  { headers, body }: { headers: Record<string, string>; body: string },
  { agent, timeoutMs }: { agent: Dispatcher; timeoutMs: number },
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await request(url, {
      ...{ method: 'POST', headers, body, dispatcher: agent, signal },
      // A connection kept from before may be closed by the other side in this very moment.
      reset: true,
    })
    const text = await readBeginning(response.body)
    return {
      status: response.statusCode,
      error: null,
      response: readableText(text),
      retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
    }
  } catch (error) {
    return { status: null, error: reasonOf(error, timeoutMs), response: null, retryAfterMs: null }
  }
}

/** What came before the cap, the end or the time was up. */
async function readBeginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of body) {
      parts.push(part)
      bytes += part.length
      if (bytes >= maxAnswerBytes) break
    }
  } catch {
    // Out of time or cut off: what is there is enough.
  }
  return Buffer.concat(parts).subarray(0, maxAnswerBytes).toString('utf8')
}

/** For the log of deliveries, which its owner reads: no address that a name led to. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs} ms`
  if (error instanceof StepladderError && error.code === 'source_forbidden')
    return 'the address is not public'
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return `the connection failed: ${code}`
}
