import { z } from 'zod'
import { lineSchema } from './job-request.ts'

const maxUploadIdChars = 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const maxParts = 10_000

/** The body of `POST /uploads`. What is too large is refused by the route, which knows the limit. */
export const uploadRequestSchema = z.strictObject({
  filename: lineSchema
    .min(1, 'must not be empty')
    .max(255, 'must have 255 characters at most')
    .optional()
    .describe('to be shown; the key in the bucket is not made of it'),
  size_bytes: z
    .int('must be a whole number')
    .nonnegative('must not be negative')
    .optional()
    .describe('what is too large is refused at once, and a job waits until that much is there'),
  content_type: lineSchema
    .max(255, 'must have 255 characters at most')
    .optional()
    .describe('to be shown; what a file is, is found by looking into it'),
})

/** The body of `POST /uploads/{id}/sign`, before it is known to be one of the six operations. */
const fieldsSchema = z.strictObject({
  method: z
    .enum(['PUT', 'POST', 'GET', 'DELETE'], 'must be PUT, POST, GET or DELETE')
    .describe('of the request to be signed'),
  // Opaque: the store made it up. It comes to stand in a query, escaped; a store that keeps parts in
  // folders shall not be led out of them.
  upload_id: z
    .string()
    .regex(/^[!-~]+$/, 'must be visible ASCII characters')
    .refine((text) => !text.split(/[/\\]/).some((part) => /^\.*$/.test(part)), 'must not be a path')
    .max(maxUploadIdChars, `must have ${maxUploadIdChars} characters at most`)
    .optional()
    .describe('as the store gave it when the parts were begun'),
  part_number: z
    .int('must be a whole number')
    .min(1, 'must be 1 at least')
    .max(maxParts, `must be ${maxParts} at most`)
    .optional()
    .describe('with PUT: which part'),
})

export type SignedOperation = { method: string; query: Record<string, string> }

/** The method and the query to be signed: one of the six operations that make an upload, and nothing else. */
export const signRequestSchema = fieldsSchema.transform((asked, context): SignedOperation => {
  const query = queryOf(asked)
  if (query) return { method: asked.method, query }
  context.addIssue({ code: 'custom', message: 'is none of the six operations of an upload' })
  return z.NEVER
})

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
function queryOf(asked: z.infer<typeof fieldsSchema>): Record<string, string> | null {
  const { method, upload_id: uploadId, part_number: partNumber } = asked
  if (uploadId === undefined) {
    if (partNumber !== undefined) return null
    if (method === 'PUT') return {} // PutObject
    return method === 'POST' ? { uploads: '' } : null // CreateMultipartUpload
  }
  // UploadPart; ListParts, CompleteMultipartUpload and AbortMultipartUpload, which the method tells apart.
  if (method === 'PUT') return partNumber === undefined ? null : { uploadId, partNumber: String(partNumber) }
  return partNumber === undefined ? { uploadId } : null
}
