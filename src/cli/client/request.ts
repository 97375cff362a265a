import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { messageOf, StepladderError } from '../../errors.ts'

export type ApiRequest = {
  baseUrl: string
  /** `id.secret`, of an API that has keys. */
  key?: string | undefined
  /** With its query, beginning with a slash. */
  path: string
  method?: 'GET' | 'POST' | 'DELETE'
  body?: object
  /** What is asked under one key is made once. */
  idempotencyKey?: string
  /** A status beside 2xx whose body is an answer too. */
  alsoFine?: number
  signal?: AbortSignal | undefined
}

const answerWithinMs = 30_000
const mostTurns = 4
const problemSchema = z.object({ title: z.string(), code: z.string(), detail: z.string().optional() })

/**
 * The answer, read by `schema`; null is an empty one. What carries an `idempotencyKey` is sent once more where
 * nobody can tell what became of it. Throws `api_unreachable`, the API's own code and sentence when it refuses,
 * or `api_failed` for an answer that is none of its own.
 */
export async function askApi<T>(schema: z.ZodType<T>, request: ApiRequest): Promise<T> {
  const answer = schema.safeParse(await readJson(request, await sendPatiently(request)))
  if (answer.success) return answer.data
  const sentence = `the API at ${request.baseUrl} answered ${request.path} in another way than expected`
  throw new StepladderError('api_failed', sentence, { cause: answer.error })
}

/** Whatever repeats nothing is sent once, but for what was refused before it was looked at. */
async function sendPatiently(request: ApiRequest): Promise<Response> {
  const { idempotencyKey } = request
  if (idempotencyKey === undefined) return sendInTurn(request)
  const first = await sendInTurn(request).catch(() => null)
  if (first && first.status !== 503 && first.status !== 409) return first
  await waitAsTold(first, request)
  return sendInTurn(request)
}

/** Waits while the API says that we ask too often. */
async function sendInTurn(request: ApiRequest): Promise<Response> {
  for (let turn = 1; ; turn++) {
    const response = await send(request)
    if (response.status !== 429 || turn === mostTurns) return response
    await waitAsTold(response, request)
  }
}

async function waitAsTold(response: Response | null, { signal }: ApiRequest): Promise<void> {
  await response?.body?.cancel()
  const waitMs = 1000 * Number(response?.headers.get('retry-after') ?? 1)
  await sleep(waitMs, undefined, { ...(signal && { signal }) })
}

/** The answer to a request, whatever its status. Throws `api_unreachable`. */
async function send(request: ApiRequest) {
  const { baseUrl, key, path, method = 'GET', body, idempotencyKey, signal } = request
  const late = AbortSignal.timeout(answerWithinMs)
  try {
    return await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...authorization(key),
        ...(body && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw unreachable(baseUrl, error)
  }
}

/** The header that a key is shown in. */
export function authorization(key: string | undefined): { authorization?: string } {
  return key === undefined ? {} : { authorization: `Bearer ${key}` }
}

async function readJson(request: ApiRequest, response: Response): Promise<unknown> {
  const { baseUrl, signal, alsoFine } = request
  const text = await response.text().catch((error: unknown) => {
    signal?.throwIfAborted()
    throw unreachable(baseUrl, error)
  })
  if (!response.ok && response.status !== alsoFine) throw refusal(response.status, text)
  if (text === '') return null
  const answer = parsed(text)
  if (answer === undefined) throw new StepladderError('api_failed', `no Stepladder answers at ${baseUrl}`)
  return answer
}

/** What an answer other than 2xx says: problem+json (RFC 9457), or something that is not the API's. */
export function refusal(status: number, text: string): StepladderError {
  const problem = problemSchema.safeParse(parsed(text))
  if (!problem.success)
    return new StepladderError('api_failed', `the API answered HTTP ${status}: ${text.slice(0, 500)}`)
  const { code, detail, title } = problem.data
  return new StepladderError(code, `${detail ?? title} (HTTP ${status}, ${code})`)
}

/** `api_unreachable`, with the reason that `fetch` keeps in its cause. */
export function unreachable(baseUrl: string, error: unknown): StepladderError {
  const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
  const sentence = `the API at ${baseUrl} does not answer: ${messageOf(reason)}`
  return new StepladderError('api_unreachable', sentence, { cause: error })
}

/** Undefined where the text is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller shows the text itself
  }
}
