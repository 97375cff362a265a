import { z } from 'zod'
import type { Answer, Operation } from '../../src/api/openapi/operation.ts'
import { operations } from '../../src/api/openapi/operations.ts'
import { problemSchema, problemsOf } from '../../src/api/openapi/problem-answers.ts'

const patterns = operations.map((operation) => ({ operation, matches: patternOf(operation.path) }))

/** What any address answers that no route knows, with its status. */
const anywhere: Record<string, number> = {
  route_not_found: 404,
  method_not_allowed: 405,
  cross_site_request: 403,
}

/** What never became a request of any address. */
const malformed: Record<string, number> = {
  malformed_request: 400,
  request_too_slow: 408,
  headers_too_large: 431,
}

/**
 * Holds an answer of the API against what the reference says of it: its status, its content type, the
 * schema of its JSON, the code of its problem. Throws where it is another; the body is left to be read. Files of the page are not in the
 * reference, and of a stream of events only the head is looked at.
 */
export async function checkAnswer(
  { method, url }: { method: string; url: string },
  response: Response,
): Promise<void> {
  const { pathname } = new URL(url)
  if (/^\/(web|vendor)\//.test(pathname)) return
  // A browser's question before a request to another origin, which no page makes by itself.
  if (method === 'OPTIONS' && response.status === 204) return
  const operation = operationAt({ method, url })
  const faults = await faultsOf(operation, response, { hasBody: method !== 'HEAD' })
  if (faults.length > 0) {
    throw new Error(
      `${method} ${pathname} answered ${response.status}, which the reference does not tell:\n${faults.join('\n')}`,
    )
  }
}

/** The operation that is asked for; HEAD asks as GET does. */
export function operationAt({ method, url }: { method: string; url: string }): Operation | undefined {
  const { pathname } = new URL(url)
  const asked = method === 'HEAD' ? 'GET' : method
  const found = patterns.filter(({ matches }) => matches.test(pathname)).map(({ operation }) => operation)
  return found.find((one) => one.method.toUpperCase() === asked)
}

const watched = new Set<string>()

/**
 * From now on every answer that this process fetches from there is checked, whoever asks: a test, the client
 * of the command line, a reader of events. Returns what ends it.
 */
export function checkAnswersOf(baseUrl: string): () => void {
  const { origin } = new URL(baseUrl)
  watched.add(origin)
  globalThis.fetch = checkedFetch
  return () => watched.delete(origin)
}

const plainFetch = globalThis.fetch

async function checkedFetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await plainFetch(input, init)
  const asked = input instanceof Request ? input : { method: 'GET', url: String(input) }
  const { method, url } = { method: init?.method ?? asked.method, url: asked.url }
  // What a redirect of the API led to is the store's own answer.
  if (watched.has(new URL(url).origin) && !response.redirected) await checkAnswer({ method, url }, response)
  return response
}

async function faultsOf(
  operation: Operation | undefined,
  response: Response,
  { hasBody }: { hasBody: boolean },
): Promise<string[]> {
  const type = response.headers.get('content-type')?.split(';')[0] ?? null
  const answer = operation?.answers[response.status]
  const isProblem = response.status >= 400 && (!answer || type === 'application/problem+json')
  if (isProblem) return hasBody ? problemFaults(operation, response, type) : []
  if (!answer) return ['the status is not documented']
  return answerFaults(answer, response, { type, hasBody })
}

async function answerFaults(
  answer: Answer,
  response: Response,
  { type, hasBody }: { type: string | null; hasBody: boolean },
): Promise<string[]> {
  const expected = answer.json ? 'application/json' : (answer.type ?? null)
  if (type !== expected) return [`the content type is ${type} and not ${expected}`]
  if (!answer.json || !hasBody) return []
  return schemaFaults(answer.json, await response.clone().json())
}

async function problemFaults(
  operation: Operation | undefined,
  response: Response,
  type: string | null,
): Promise<string[]> {
  if (type !== 'application/problem+json') return [`the content type is ${type}`]
  const body: unknown = await response.clone().json()
  const parsed = problemSchema.safeParse(body)
  if (!parsed.success) return [z.prettifyError(parsed.error)]
  const { code, status } = parsed.data
  const known = operation ? problemsOf(operation) : []
  const isKnown = known.some((problem) => problem.code === code && problem.status === status)
  const isAnywhere = (!operation && anywhere[code] === status) || malformed[code] === status
  if (status !== response.status || !(isKnown || isAnywhere)) return [`the problem ${code} is not documented`]
  return []
}

function schemaFaults(schema: z.ZodType, body: unknown): string[] {
  const parsed = schema.safeParse(body)
  return parsed.success ? [] : [z.prettifyError(parsed.error)]
}

/** A literal part wins over one in braces only by the order of the table, as in the router. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}
