import type { Context } from 'hono'
import { isDatabaseOutage } from '../db.ts'
import { errorClassOf } from '../error-codes.ts'
import { messageOf, PermanentError, StepladderError, TransientError } from '../errors.ts'
import type { Log } from '../log.ts'
import { withoutToken } from './link-token.ts'
import { requestIdOf } from './request-id.ts'
import { TooMany } from './too-many.ts'

/** What is wrong with one field of a request; `path` as in `source.url`, '' for the whole body. */
export type Fault = { path: string; message: string }

/** A request whose fields are at fault. */
export class InvalidRequest extends StepladderError {
  override name = 'InvalidRequest'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const [first] = faults
    const about = first ? `: ${first.path === '' ? '' : `${first.path}: `}${first.message}` : ''
    super('invalid_request', `the request is not valid${about}`)
    this.faults = faults
  }
}

/** The request is fine in itself, but not in the state the video is in. Always 409, whatever the code. */
export class Conflict extends StepladderError {
  override name = 'Conflict'
}

/** The path exists, but not for this method. */
export class MethodNotAllowed extends StepladderError {
  override name = 'MethodNotAllowed'
  readonly allow: string

  constructor(allow: readonly string[]) {
    super('method_not_allowed', `this address answers ${allow.join(', ')} only`)
    this.allow = allow.join(', ')
  }
}

type Kind = {
  status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 422 | 429 | 431 | 500 | 503
  title: string
  retryAfterS?: number
  /** Instead of the error's own message, which may tell of addresses inside. */
  detail?: string
}

const kinds: Record<string, Kind> = {
  malformed_request: { status: 400, title: 'This is no HTTP request' },
  request_too_slow: { status: 408, title: 'The request did not arrive in time' },
  headers_too_large: { status: 431, title: 'Address and headers are too large' },
  body_incomplete: { status: 400, title: 'The body ended early' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  invalid_id: { status: 400, title: 'The id is no UUID' },
  invalid_idempotency_key: { status: 400, title: 'The idempotency key cannot be used' },
  client_gone: { status: 400, title: 'The client went away' },
  unauthenticated: { status: 401, title: 'A key is needed' },
  scope_missing: { status: 403, title: 'The key is not for this' },
  cross_site_request: { status: 403, title: 'Requests from other sites are refused' },
  route_not_found: { status: 404, title: 'There is nothing at this address' },
  video_not_found: { status: 404, title: 'There is no such video' },
  upload_not_found: { status: 404, title: 'There is no such upload' },
  webhook_not_found: { status: 404, title: 'There is no such webhook' },
  delivery_not_found: { status: 404, title: 'The webhook has no such delivery' },
  track_not_found: { status: 404, title: 'The video has no such track' },
  mp4_not_found: { status: 404, title: 'There is no such MP4' },
  picture_not_found: { status: 404, title: 'There is no such picture' },
  not_playable: { status: 404, title: 'The video cannot be played' },
  not_playable_yet: { status: 404, title: 'Nothing can be played yet', retryAfterS: 2 },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  idempotency_key_in_use: { status: 409, title: 'The request is in progress', retryAfterS: 1 },
  upload_in_use: { status: 409, title: 'A video was made of the upload' },
  upload_expired: { status: 410, title: 'The upload expired' },
  webhook_exists: { status: 409, title: 'There is such a webhook already' },
  too_many_webhooks: { status: 409, title: 'There are too many webhooks' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  delivery_in_progress: { status: 409, title: 'The delivery is on its way', retryAfterS: 5 },
  no_job_webhook: { status: 409, title: 'There is no secret to sign with' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  invalid_request: { status: 422, title: 'The request is not valid' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  source_not_found: { status: 422, title: 'The source does not exist' },
  source_incomplete: { status: 422, title: 'The upload is not whole' },
  empty_source: { status: 422, title: 'The source is empty' },
  source_too_large: { status: 422, title: 'The source is too large' },
  queue_full: { status: 429, title: 'Too many videos wait' },
  too_many_uploads: { status: 429, title: 'Too many uploads are open' },
  too_many_event_streams: { status: 429, title: 'Too many event streams are open' },
  rate_limited: { status: 429, title: 'Too many requests' },
  database_unavailable: {
    status: 503,
    title: 'The database is not available',
    retryAfterS: 5,
    detail: 'The database did not answer; try again soon.',
  },
  storage_unavailable: {
    status: 503,
    title: 'The object store is not available',
    retryAfterS: 5,
    detail: 'The object store did not answer; try again soon.',
  },
  probe_busy: { status: 503, title: 'Too many sources are being looked at', retryAfterS: 2 },
  shutting_down: { status: 503, title: 'The server is shutting down', retryAfterS: 2 },
}

const conflict: Kind = { status: 409, title: 'Not in the state the video is in' }
/** A verdict on the source, which a job would fail with. */
const sourceFault: Kind = { status: 422, title: 'The source cannot be used' }
/** Of a look at a source: the machine, or the way to the store. */
const passing: Kind = { status: 503, title: 'The source could not be looked at', retryAfterS: 5 }
const bug: Kind = {
  status: 500,
  title: 'Something went wrong here',
  detail: 'The request failed for a reason that is in the log of the server.',
}

/** An answer that tells of an error; `body` is problem+json. */
export type Problem = Pick<Kind, 'status'> & { code: string; headers: Record<string, string>; body: string }

/** The answer of a route that threw. What nobody foresaw is a 500, and its reason is in the log alone. */
export function problemResponse(c: Context, error: unknown, log: Log): Response {
  const request_id = requestIdOf(c)
  const { status, code, headers, body } = problemOf(error, request_id)
  if (status >= 500) {
    const path = withoutToken(c.req.path)
    log.error({ request_id, method: c.req.method, path, code, err: error }, 'request failed')
  }
  return c.body(body, status, headers)
}

/**
 * The only place that turns an error into an HTTP status: problem+json (RFC 9457) with a stable `code`,
 * `{ type, title, status, code, detail, request_id, errors? }`.
 */
export function problemOf(error: unknown, requestId: string | undefined): Problem {
  const { code, kind } = judge(error)
  const retryAfterS = error instanceof TooMany ? error.retryAfterS : kind.retryAfterS
  const body = {
    type: `urn:stepladder:problem:${code}`,
    title: kind.title,
    status: kind.status,
    code,
    detail: kind.detail ?? sentence(messageOf(error)),
    request_id: requestId,
    ...(error instanceof InvalidRequest ? { errors: error.faults } : {}),
    ...(error instanceof TooMany && error.policy ? { 'violated-policies': [error.policy] } : {}),
  }
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...(retryAfterS ? { 'Retry-After': String(retryAfterS) } : {}),
    // RFC 9110 §11.6.1: a 401 names the scheme.
    ...(kind.status === 401 ? { 'WWW-Authenticate': 'Bearer realm="stepladder"' } : {}),
    ...(error instanceof MethodNotAllowed ? { Allow: error.allow } : {}),
  }
  return { status: kind.status, code, headers, body: JSON.stringify(body) }
}

/**
 * What a caller sees of a code, for the reference; `conflict` for one that is thrown as a `Conflict`. Throws for a
 * code that no answer has.
 */
export function describeProblem(
  code: string,
  { conflict: isConflict = false } = {},
): { status: number; title: string; retryAfterS: number | null } {
  const kind = isConflict ? conflict : (kinds[code] ?? kindOfCode(code))
  if (!kind) throw new Error(`no answer has the code ${code}`)
  return { status: kind.status, title: kind.title, retryAfterS: kind.retryAfterS ?? null }
}

function kindOfCode(code: string): Kind | null {
  if (code === 'internal_error') return bug
  const kind = errorClassOf(code)
  if (kind === 'permanent') return sourceFault
  return kind === 'transient' ? passing : null
}

function judge(error: unknown): { code: string; kind: Kind } {
  const code = isDatabaseOutage(error)
    ? 'database_unavailable'
    : error instanceof StepladderError
      ? error.code
      : ''
  const kind = error instanceof Conflict ? conflict : (kinds[code] ?? kindOfClass(error))
  return kind ? { code, kind } : { code: 'internal_error', kind: bug }
}

function kindOfClass(error: unknown): Kind | null {
  if (error instanceof PermanentError) return sourceFault
  return error instanceof TransientError ? passing : null
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}
