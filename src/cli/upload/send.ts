import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, StepladderError } from '../../errors.ts'

/** Bytes of a file, from `start` on. */
type FileRange = { path: string; start: number; bytes: number }

type StoreRequest = {
  /** Signs anew for each try: a paused machine may come back when an address is over. */
  sign: () => Promise<string>
  method: 'PUT' | 'POST' | 'GET'
  body?: FileRange | string
  /** Told how many bytes more went out; fewer than none when they have to go again. */
  onBytes?: (bytes: number) => void
  signal: AbortSignal
}

export type StoreAnswer = { status: number; etag: string; text: string }

const tries = 6
const silenceMs = 60_000
const readBytes = 2 ** 18

/**
 * One request to the object store, tried again for about half a minute while the store or the way to it fails. The
 * answer may be a 404; throws `upload_interrupted` when nothing helped and `upload_refused` for any other answer.
 */
export async function sendToStore(request: StoreRequest): Promise<StoreAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await sendOnce(request)
    request.signal.throwIfAborted()
    if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) return answer
    if (!mayPass(answer.status)) {
      const sentence = `the store refused the upload: HTTP ${answer.status} ${answer.text.slice(0, 500)}`
      throw new StepladderError('upload_refused', sentence)
    }
    if (attempt === tries) {
      const sentence = `the upload broke off (${answer.text}); the same command goes on where it stopped`
      throw new StepladderError('upload_interrupted', sentence)
    }
    await sleep(500 * 2 ** attempt, undefined, { signal: request.signal })
  }
}

/** Status 0: no answer, and `text` says why. */
async function sendOnce({ sign, method, body, onBytes, signal }: StoreRequest): Promise<StoreAnswer> {
  const url = await sign()
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(new Error('no answer from the store')), silenceMs)
  let sent = 0
  const onSent = (bytes: number) => {
    timer.refresh()
    sent += bytes
    onBytes?.(bytes)
  }
  try {
    const response = await fetch(url, {
      method,
      ...bodyOf(body, onSent),
      signal: AbortSignal.any([signal, silent.signal]),
    })
    const answer = {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      text: await response.text(),
    }
    if (!response.ok) onBytes?.(-sent)
    return answer
  } catch (error) {
    onBytes?.(-sent)
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
    return { status: 0, etag: '', text: messageOf(silent.signal.aborted ? silent.signal.reason : reason) }
  } finally {
    clearTimeout(timer)
  }
}

/** A presigned PUT takes no chunked body: the length must be known beforehand. */
function bodyOf(body: StoreRequest['body'], onSent: (bytes: number) => void): RequestInit {
  if (body === undefined || typeof body === 'string') return body === undefined ? {} : { body }
  const stream = Readable.toWeb(Readable.from(counted(body, onSent)))
  return { body: stream, duplex: 'half', headers: { 'content-length': String(body.bytes) } }
}

async function* counted({ path, start, bytes }: FileRange, onSent: (bytes: number) => void) {
  // An empty file has no last byte to name.
  const range = bytes > 0 ? { start, end: start + bytes - 1 } : {}
  for await (const piece of createReadStream(path, { ...range, highWaterMark: readBytes })) {
    yield piece
    onSent(piece.length)
  }
}

/** 403 too: an address that was signed before the machine slept. */
function mayPass(status: number): boolean {
  return status === 0 || status === 403 || status === 408 || status === 429 || status >= 500
}
