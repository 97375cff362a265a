import { z } from 'zod'
import { InvalidRequest } from './problem.ts'

/** A time to the microsecond, as PostgreSQL has it: there is no year 0. */
export const momentSchema = z.iso
  .datetime({ precision: 6 })
  .refine((time) => !time.startsWith('0000'), 'must not be in the year 0')

/** Places where a page of a listing ended, opaque to callers: base64url of their JSON. `decode` throws `invalid_request`. */
export function createCursor<Place>(schema: z.ZodType<Place>) {
  return {
    encode: (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url'),
    decode(cursor: string): Place {
      try {
        return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
      } catch {
        // JSON or schema: either way it is none of ours.
        throw new InvalidRequest([{ path: 'cursor', message: 'is not one that a listing gave' }])
      }
    },
  }
}
