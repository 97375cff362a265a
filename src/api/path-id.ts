import type { Context } from 'hono'
import { StepladderError } from '../errors.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The `:id` of the path in lower case, as keys and channels spell it. Throws `invalid_id`. */
export function pathId(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!uuid.test(id)) throw new StepladderError('invalid_id', 'the id in the address is no UUID')
  return id.toLowerCase()
}
