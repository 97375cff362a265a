import { z } from 'zod'
import { videoStatuses } from '../jobs/state.ts'

const mostIds = 100
const mostLetters = 200

/** A number of lines a page, as it comes in an address. */
export const limitSchema = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a number from 1 to 100')
  .transform(Number)
  .pipe(z.int().min(1, 'must be 1 at least').max(100, 'must be 100 at most'))
  .describe('lines a page')
  .meta({ type: 'integer', minimum: 1, maximum: 100 })

export const cursorSchema = z.string().max(200).describe('the `next_cursor` of the page before')

const idsSchema = z
  .string()
  .transform((text) => text.split(','))
  .pipe(
    z
      .array(z.uuid('must be UUIDs, separated by commas').toLowerCase())
      .max(mostIds, `must be ${mostIds} at most`),
  )
  .describe(`these videos, up to ${mostIds}, separated by commas; those that do not exist are left out`)

const wordsSchema = z
  .string()
  .trim()
  .max(mostLetters, `must have ${mostLetters} characters at most`)
  // PostgreSQL has no text with it.
  .refine((text) => !text.includes('\0'), 'must not have the character U+0000')
  .transform((text) => (text === '' ? undefined : text))
  .describe('what the title has in it anywhere, in capitals or not')

/** The query of `GET /videos`: a page of the listing, or the videos that are named. */
export const listQuerySchema = z
  .strictObject({
    status: z
      .enum(videoStatuses, `must be one of ${videoStatuses.join(', ')}`)
      .optional()
      .describe('videos in this status only'),
    q: wordsSchema.optional(),
    limit: limitSchema.optional(),
    cursor: cursorSchema.optional(),
    ids: idsSchema.optional(),
    full: z
      .enum(['true', 'false'], 'must be true or false')
      .transform((word) => word === 'true')
      .optional()
      .describe('`true`, with `ids`: each as `GET /videos/{id}` shows it'),
  })
  .superRefine((query, context) => {
    const misplaced = query.ids ? (['limit', 'cursor'] as const) : (['full'] as const)
    const message = query.ids ? 'goes not with ids, which are one page' : 'goes with ids only'
    for (const path of misplaced) {
      if (query[path] !== undefined) context.addIssue({ code: 'custom', path: [path], message })
    }
  })
export type ListQuery = z.infer<typeof listQuerySchema>
