import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { messageOf, TransientError } from './errors.ts'

const requestTimeoutMs = 60_000
const defaultSilenceMs = 30_000
/** How long a write is tried again while the store is down; the task holds on meanwhile. */
const outageLimitMs = 600_000

export type StoreRequest = {
  method: 'PUT' | 'POST' | 'DELETE'
  body?: Buffer
  contentType?: string
  signal: AbortSignal
  limitMs?: number
  /** Told each time the store does not serve us, before the request is tried again or given up. */
  onOutage?: (error: TransientError) => void
  /** 404 is an answer, not a refusal. */
  goneIsFine?: boolean
}

/** `status` 0: no answer, and `text` says why. */
export type StoreAnswer = { status: number; etag: string; text: string }

/**
 * One write, signed anew for each try, tried again while the store is down and stopped at once by
 * `signal`, as minio-js cannot. Throws TransientError `storage_unavailable`: after `limitMs` (10 min
 * unless told), or at once when the store refuses us (credentials, bucket), for that is no outage.
 */
export async function sendPatiently(
  presign: () => Promise<string>,
  options: StoreRequest,
): Promise<StoreAnswer> {
  const deadline = Date.now() + (options.limitMs ?? outageLimitMs)
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted()
    const answer = await sendOnce(await presign(), options)
    options.signal.throwIfAborted()
    if (answer.status >= 200 && answer.status < 300) return answer
    if (answer.status === 404 && options.goneIsFine) return answer
    const fault = asStoreError(faultIn(answer))
    options.onOutage?.(fault)
    if (!mayHeal(answer) || Date.now() > deadline) throw fault
    await sleep(backoffMs(attempt), undefined, { signal: options.signal }).catch(() => {
      // Aborted: the next turn throws the signal's own reason.
    })
  }
}

export type Patience = {
  /** How long one request may be silent, and about how long a question is repeated. Default 30 s. */
  silenceMs?: number
  onOutage?: (error: TransientError) => void
}

/** Asks through minio-js, thrice before no answer counts as an outage. What it asks is safe to repeat. */
export async function ask<T>(
  question: () => Promise<T>,
  { silenceMs = defaultSilenceMs, onOutage, signal }: Patience & { signal?: AbortSignal } = {},
): Promise<T> {
  const deadline = Date.now() + silenceMs
  for (let attempt = 0; ; attempt++) {
    try {
      return await question()
    } catch (error) {
      const fault = asStoreError(error)
      // An S3Error is the store's considered answer, which it would give again.
      if (isAnswer(error) || signal?.aborted) throw fault
      onOutage?.(fault)
      if (attempt === 2 || Date.now() > deadline) throw fault
      await sleep(backoffMs(attempt))
    }
  }
}

export function asStoreError(error: unknown): TransientError {
  const code = isAnswer(error) ? `${s3Code(error)}: ` : ''
  const message = `the object store does not serve us: ${code}${messageOf(error)}`
  return new TransientError('storage_unavailable', message, { cause: error })
}

/** The code of an answer of S3 such as `NoSuchKey`, '' for anything else. */
export function s3Code(error: unknown): string {
  return isAnswer(error) && 'code' in error ? String(error.code) : ''
}

/** Node's own transport with the timeout that minio-js lacks: a silent store would hold its caller for ever. */
export function impatientTransport(
  protocol: string,
  silenceMs = defaultSilenceMs,
): Pick<typeof http, 'request'> {
  const { request: start } = protocol === 'https:' ? https : http
  const limited = (options: http.RequestOptions, onAnswer: (answer: http.IncomingMessage) => void) => {
    const sent = start({ ...options, timeout: silenceMs }, onAnswer)
    return sent.on('timeout', () => sent.destroy(new Error(`no answer within ${silenceMs} ms`)))
  }
  return { request: limited as typeof http.request }
}

async function sendOnce(url: string, options: StoreRequest): Promise<StoreAnswer> {
  try {
    const response = await request(url, {
      method: options.method,
      body: options.body ?? null,
      headers: options.contentType ? { 'content-type': options.contentType } : {},
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(requestTimeoutMs)]),
    })
    const text = await response.body.text()
    const { etag } = response.headers
    return { status: response.statusCode, etag: typeof etag === 'string' ? etag : '', text }
  } catch (error) {
    return { status: 0, etag: '', text: messageOf(error) }
  }
}

/** S3 calls a connection that it found too slow a bad request (400 RequestTimeout). */
function mayHeal({ status, text }: StoreAnswer): boolean {
  return status === 0 || status >= 500 || [408, 409, 429].includes(status) || text.includes('RequestTimeout')
}

function faultIn({ status, text }: StoreAnswer): string {
  if (status === 0) return text
  const code = /<Code>([^<]*)</.exec(text)?.[1] ?? ''
  const message = /<Message>([^<]*)</.exec(text)?.[1] ?? ''
  return [`HTTP ${status}`, code, message].filter(Boolean).join(': ')
}

function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === 'S3Error'
}

function backoffMs(attempt: number): number {
  return Math.min(200 * 2 ** attempt, 5_000) * (0.5 + Math.random() / 2)
}
