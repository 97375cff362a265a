import type { Download } from './download.ts'

/** Older than its answer by this much: no second change can hide in the same second, nor in a clock that is off. */
const settledMs = 60_000

/** By what the server knows the very bytes again: for `If-Range`, never a weak one (RFC 9110 §13.1.5). */
export type Validator = { kind: 'etag' | 'last-modified'; value: string }

/** What an answer began, and every later one must go on with. */
export type Begun = { validator: Validator | null; url: URL; totalBytes: number | null }

/**
 * A strong ETag, or a Last-Modified that is strong by its age (RFC 9110 §8.8.2.2) where there is no ETag at
 * all. Null where a broken download cannot go on: none of them, or `Accept-Ranges: none`.
 */
export function validatorOf(headers: Download['headers']): Validator | null {
  const { etag, date, 'last-modified': modified, 'accept-ranges': ranges } = headers
  if (ranges === 'none') return null
  if (etag !== undefined) {
    return typeof etag === 'string' && /^"[\x21\x23-\x7e]*"$/.test(etag)
      ? { kind: 'etag', value: etag }
      : null
  }
  const ageMs = timeOf(date) - timeOf(modified)
  return typeof modified === 'string' && ageMs >= settledMs
    ? { kind: 'last-modified', value: modified }
    : null
}

/** Of a date in the one form that is in use (RFC 9110 §5.6.7), else not a number. */
function timeOf(header: unknown): number {
  if (typeof header !== 'string') return Number.NaN
  const time = Date.parse(header)
  return new Date(time).toUTCString() === header ? time : Number.NaN
}

/**
 * Why an answer is not the rest, from byte `from` on, of what was begun; null where it is. Its bytes are
 * joined to those that are stored only if all agrees: its place, the size of the whole, the validator.
 */
export function whyNotTheRest(answer: Download, begun: Begun, from: number): string | null {
  const { status, headers, range, url } = answer
  if (status !== 206) return status === 200 ? 'it changed, or is sent as a whole only' : 'it ends before'
  // An ETag is one of its resource: that of another may be the same by chance.
  if (url.origin !== begun.url.origin || url.pathname !== begun.url.pathname) return 'it is elsewhere now'
  if (!range) return 'the answer does not say which bytes it has'
  if (range.first !== from) return `the server sent bytes from ${range.first} on`
  if (begun.totalBytes !== null && range.totalBytes !== begun.totalBytes) return 'its size changed'
  return isSame(headers, begun.validator) ? null : 'it changed'
}

/** A 206 must repeat the ETag, and need not repeat the date (RFC 9110 §15.3.7). */
function isSame(headers: Download['headers'], validator: Validator | null): boolean {
  if (!validator) return false
  const now = headers[validator.kind]
  return now === validator.value || (validator.kind === 'last-modified' && now === undefined)
}

/** First and last byte and the size of the whole, all of them numbers that agree; null for anything else. */
export type ByteRange = { first: number; last: number; totalBytes: number }

/** `Content-Range` (RFC 9110 §14.4). A size that the server does not know is of no use: nothing could tell the end. */
export function parseContentRange(header: unknown): ByteRange | null {
  const found = typeof header === 'string' && /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(header)
  if (!found) return null
  const [first = 0, last = 0, totalBytes = 0] = found.slice(1).map(Number)
  return first <= last && last < totalBytes ? { first, last, totalBytes } : null
}
