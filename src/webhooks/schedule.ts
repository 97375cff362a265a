const s = 1_000
const min = 60 * s
const h = 60 * min

/** Before the second attempt, the third and so on: the schedule of Standard Webhooks, over three days. */
const pausesMs = [5 * s, 5 * min, 30 * min, 2 * h, 5 * h, 10 * h, 14 * h, 20 * h, 24 * h] as const
export const maxAttempts = pausesMs.length + 1

/** Of a pause that is added at random, so that what failed together does not come back together. */
const jitter = 0.2
/** A server may ask for more than the schedule has, but for no more than this. */
const longestPauseMs = 24 * h

/** What came of an attempt: an answer, or the reason why there is none. */
export type Answer = {
  status: number | null
  error: string | null
  /** The beginning of its body, fit to be shown. */
  response: string | null
  retryAfterMs: number | null
}

/** What that means for the delivery; `gone`: its endpoint wants no more. */
export type Verdict = { kind: 'delivered' | 'gone' | 'spent' } | { kind: 'again'; pauseMs: number }

/** Of the `attempt`th attempt, 1 for the first. Only 2xx is success; a redirect is none. */
export function judge(answer: Answer, attempt: number, random: () => number = Math.random): Verdict {
  const { status, retryAfterMs } = answer
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'gone' }
  const pauseMs = pausesMs[attempt - 1]
  if (pauseMs === undefined) return { kind: 'spent' }
  const own = pauseMs * (1 + jitter * random())
  const asked = status === 429 || status === 503 ? Math.min(retryAfterMs ?? 0, longestPauseMs) : 0
  return { kind: 'again', pauseMs: Math.round(Math.max(own, asked)) }
}

/** `Retry-After` in either form (RFC 9110 §10.2.3), null for anything else. */
export function retryAfterMs(header: unknown, nowMs: number): number | null {
  if (typeof header !== 'string') return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * s
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}
