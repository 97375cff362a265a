import { z } from 'zod'
import type { Place } from '../jobs/read-videos.ts'
import { InvalidRequest } from './problem.ts'

const placeSchema = z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()])

/** Opaque to callers: base64url of the place where the page ended. */
export function encodeCursor(place: Place): string {
  return Buffer.from(JSON.stringify([place.createdAt, place.id])).toString('base64url')
}

/** Throws `invalid_request`. */
export function decodeCursor(cursor: string): Place {
  try {
    const [createdAt, id] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
    return { createdAt, id }
  } catch {
    // JSON or schema: either way it is none of ours.
    throw new InvalidRequest([{ path: 'cursor', message: 'is not one that a listing gave' }])
  }
}
