import type { Context } from 'hono'
import type { z } from 'zod'
import { InvalidRequest } from './problem.ts'
import { parseFields } from './request-body.ts'

/** The fields after the `?`. Throws `invalid_request`, also for one that comes twice: nobody could say which counts. */
export function readQuery<T>(c: Context, schema: z.ZodType<T>): T {
  const twice = Object.entries(c.req.queries()).find(([, values]) => values.length > 1)
  if (twice) throw new InvalidRequest([{ path: twice[0], message: 'must come once only' }])
  return parseFields(c.req.query(), schema)
}
