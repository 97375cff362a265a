import { problemSchema } from '../../../src/api/openapi/problem-answers.ts'
import { checkAnswer, operationAt } from '../../../test/support/check-answer.ts'
import type { Answer } from './read-answer.ts'
import type { Shot } from './shot.ts'

export type Verdict = {
  /** `GET /videos/{id}`, `a file`, or `no route`. */
  route: string
  /** Of a problem. */
  code: string | null
  /** Why this may not be an answer to that; null where it may. */
  fault: string | null
}

/**
 * Holds an answer against the reference: no 5xx but a 503 that it tells of, no status, body or problem
 * that it does not. Of a request with bent bytes nobody can say what it asked for: any problem will do.
 */
export async function judge({ request, way }: Shot, answer: Answer): Promise<Verdict> {
  const asked = { method: request.method, url: addressOf(request.target) }
  const operation = operationAt(asked)
  const isFile = /^\/(web|vendor)\//.test(new URL(asked.url).pathname)
  const route = operation ? `${request.method} ${operation.path}` : isFile ? 'a file' : 'no route'
  const problem = problemOf(answer)
  const code = problem?.code ?? null
  if (answer.status >= 500 && answer.status !== 503) return { route, code, fault: `HTTP ${answer.status}` }
  if (way === 'bent' || isFile) {
    const isBare = answer.status >= 400 && !problem && request.method !== 'HEAD'
    return { route, code, fault: isBare ? `HTTP ${answer.status} without a problem` : null }
  }
  const { status, headers } = answer
  const body = answer.body.length > 0 ? new Uint8Array(answer.body) : null
  try {
    await checkAnswer(asked, new Response(body, { status, headers }))
    return { route, code, fault: null }
  } catch (error) {
    return { route, code, fault: String(error) }
  }
}

/** What the server takes for the address; what is none asks no route. */
function addressOf(target: string): string {
  const text = /^https?:\/\//.test(target)
    ? target
    : `http://fuzz${target.startsWith('/') ? '' : '/'}${target}`
  return URL.canParse(text) ? new URL(text).href : 'http://fuzz/no-address'
}

function problemOf({ headers, body }: Answer): { code: string } | null {
  if (headers.get('content-type') !== 'application/problem+json') return null
  try {
    return problemSchema.parse(JSON.parse(body.toString()))
  } catch {
    return null // which `checkAnswer` tells more of
  }
}
