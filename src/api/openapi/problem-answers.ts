import { z } from 'zod'
import { errorCodes } from '../../error-codes.ts'
import { describeProblem } from '../problem.ts'
import { isFree } from '../rates/policy.ts'
import { type Operation, paramsOf } from './operation.ts'

/** `application/problem+json` (RFC 9457), the body of every answer from 400 on but that of `GET /readyz`. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('`urn:stepladder:problem:` and the code'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('stable: what a program looks at'),
    detail: z.string().describe('a sentence for people'),
    request_id: z.string().describe('as in `X-Request-Id`, and in the log'),
    errors: z
      .array(
        z.strictObject({
          path: z.string().describe('as in `source.url`; empty for the whole'),
          message: z.string(),
        }),
      )
      .exactOptional()
      .describe('with `invalid_request`: each field and what is wrong with it'),
    'violated-policies': z
      .array(z.string())
      .exactOptional()
      .describe('with `rate_limited`: of `GET /limits`'),
  })
  .meta({ id: 'Problem' })

export type ProblemAnswer = { status: number; code: string; title: string; retryAfterS: number | null }

/** Every problem that an operation can answer with, each code once, by status. */
export function problemsOf(operation: Operation): ProblemAnswer[] {
  const conflicts = (operation.conflicts ?? []).map((code) => ({
    code,
    ...describeProblem(code, { conflict: true }),
  }))
  const codes = new Set(['internal_error', ...implied(operation), ...(operation.problems ?? [])])
  const others = [...codes].map((code) => ({ code, ...describeProblem(code) }))
  return [...conflicts, ...others].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1))
}

function implied(operation: Operation): string[] {
  const { method, path, scope, query, once, body, asks, looks } = operation
  return [
    ...(method === 'get' && isFree(path) ? [] : ['rate_limited']),
    ...(scope === null ? [] : ['unauthenticated']),
    ...(scope === null || scope === 'any' ? [] : ['scope_missing']),
    ...(method === 'get' ? [] : ['cross_site_request']),
    ...(paramsOf({ path }).includes('id') ? ['invalid_id'] : []),
    ...(query ? ['invalid_request'] : []),
    ...(body ? bodyProblems : []),
    ...(once ? ['invalid_idempotency_key', 'idempotency_key_in_use', 'idempotency_key_reused'] : []),
    // Also what an answer is that took too long for whatever reason.
    ...(asks.length > 0 || scope !== null ? ['database_unavailable'] : []),
    ...(asks.includes('storage') ? ['storage_unavailable'] : []),
    ...(looks ? lookProblems : []),
  ]
}

const bodyProblems = [
  'unsupported_media_type',
  'invalid_json',
  'body_incomplete',
  'body_too_large',
  'invalid_request',
]

/** A look at a source ends as the plan of a job would, or for a reason that passes. */
const lookProblems = [
  'client_gone',
  'probe_busy',
  'shutting_down',
  ...Object.entries(errorCodes).flatMap(([code, { class: kind }]) =>
    kind === 'permanent' || kind === 'transient' ? [code] : [],
  ),
]
