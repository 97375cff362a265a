import type { Context, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { Config } from '../config.ts'
import { StepladderError } from '../errors.ts'
import { type Fault, InvalidRequest } from './problem.ts'

/** Lets routes read bodies of so many bytes at most. */
export function boundBodies({ MAX_BODY_BYTES }: Pick<Config, 'MAX_BODY_BYTES'>): MiddlewareHandler {
  return async (c, next) => {
    c.set('mostBodyBytes', MAX_BODY_BYTES)
    await next()
  }
}

/**
 * The body as it was meant, unchecked. Throws `unsupported_media_type`, `body_too_large`, `invalid_json`
 * and, for a client that went away halfway, `body_incomplete`.
 */
export async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new StepladderError('unsupported_media_type', 'send the body as application/json')
  }
  return parseJson(await readText(c))
}

/** For routes that take no fields: no body at all, or an empty JSON object. */
export async function readNoBody(c: Context, schema: z.ZodType<Record<string, never>>): Promise<void> {
  parseFields(await readJsonOrNone(c), schema)
}

/** For routes whose fields may all be left out: no body is an empty object. */
export async function readJsonOrNone(c: Context): Promise<unknown> {
  const hasBody =
    c.req.header('transfer-encoding') !== undefined || Number(c.req.header('content-length') ?? 0) > 0
  return hasBody ? readJson(c) : {}
}

/** The schema's output. Throws `invalid_request` with the path of each field at fault. Also for query strings. */
export function parseFields<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InvalidRequest(parsed.error.issues.flatMap(faultsOf))
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys')
    return [{ path: path.join('.'), message: lowerFirst(issue.message) }]
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a known field' }))
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

async function readText(c: Context): Promise<string> {
  const length = c.req.header('content-length')
  const most: number = c.get('mostBodyBytes')
  if (Number(length ?? 0) > most) throw tooLarge(most)
  try {
    // With a length, Node's parser reads no more than that; without, somebody must count.
    if (length !== undefined) return await c.req.text()
    const body = c.req.raw.body
    return body ? await readCounted(body, most) : ''
  } catch (error) {
    if (error instanceof StepladderError) throw error
    // ECONNRESET, which would be taken for that of a neighbour.
    throw new StepladderError('body_incomplete', 'the body ended early', { cause: error })
  }
}

async function readCounted(body: ReadableStream<Uint8Array>, most: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.byteLength
    if (bytes > most) throw tooLarge(most)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function tooLarge(most: number): StepladderError {
  return new StepladderError('body_too_large', `the body may have ${most} bytes at most`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new StepladderError('invalid_json', 'the body is not valid JSON', { cause: error })
  }
}
