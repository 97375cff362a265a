import { z } from 'zod'
import { priorities } from '../jobs/state.ts'
import { jobOptionsSchema } from '../media/plan/job-options.ts'

const maxMetadataBytes = 16 * 1024
const maxMetadataDepth = 8

/** Text that PostgreSQL can hold and a log or a terminal can show. */
export const lineSchema = z
  .string()
  .refine(isOneLine, 'must be one line, without control characters or half characters')

const urlSchema = z
  .string()
  .describe('an http or https address; the courier fetches it later')
  .max(2048, 'must have 2048 characters at most')
  .refine(isHttpUrl, 'must be an http or https URL')

/** An address that webhooks go to. A password would end up in rows and logs; the signature tells who sends. */
export const webhookUrlSchema = urlSchema
  .transform((text) => new URL(text))
  .refine(({ username, password }) => username === '' && password === '', 'must have no user and password')
  .transform((url) => {
    url.hash = ''
    return url.href
  })

const keySchema = lineSchema
  .describe('below `source/` in the bucket, as `POST /uploads` gave it')
  .max(1024)
  .refine(isSourceKey, 'must be a key below source/, without empty, . or .. parts')

const sha256Schema = z
  .string()
  .describe('of the file behind `url`, in hexadecimal digits; any other file fails the video')
  .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
  .transform((digits) => digits.toLowerCase())

const metadataSchema = z
  .custom<Record<string, unknown>>(isPlainObject, 'must be an object')
  .refine((value) => isShallow(value, maxMetadataDepth), {
    message: `must not be nested deeper than ${maxMetadataDepth} levels`,
    abort: true,
  })
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= maxMetadataBytes, {
    message: `must have ${maxMetadataBytes} bytes of JSON at most`,
    abort: true,
  })
  .refine(isStorable, 'must not hold NUL or half characters')
  .meta({ type: 'object' })

/** `{ url, sha256? }` or `{ key }`; with a `kind` afterwards. */
export const sourceSchema = z
  .strictObject({ url: urlSchema.optional(), sha256: sha256Schema.optional(), key: keySchema.optional() })
  .describe('either `key` or `url`, with which `sha256` may stand')
  .meta({
    oneOf: [
      { required: ['key'], maxProperties: 1 },
      { required: ['url'], properties: { key: false } },
    ],
  })
  .transform(({ url, sha256, key }, context) => {
    if (url !== undefined && key === undefined) {
      return { kind: 'url' as const, url, ...(sha256 !== undefined && { sha256 }) }
    }
    if (key !== undefined && url === undefined && sha256 === undefined) return { kind: 'key' as const, key }
    const message =
      sha256 !== undefined && key !== undefined
        ? 'must have sha256 with a url only'
        : 'must have either url or key'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
export type JobSource = z.infer<typeof sourceSchema>

/** The body of `POST /jobs`. */
export const jobRequestSchema = z.strictObject({
  source: sourceSchema,
  title: lineSchema
    .max(300, 'must have 300 characters at most')
    .optional()
    .describe("one line; else the container's own title is used"),
  priority: z
    .enum(priorities, `must be one of ${priorities.join(', ')}`)
    .default('normal')
    .describe('which of all waiting videos come first'),
  metadata: metadataSchema
    .default({})
    .describe(
      `an object of yours that comes back as it is; up to ${maxMetadataBytes} bytes and ${maxMetadataDepth} levels`,
    ),
  webhook_url: webhookUrlSchema
    .optional()
    .describe('where to tell of its end, signed as the webhook made with `per_job` says'),
  ...jobOptionsSchema.shape,
})

/** Its query. Anything else is refused: a misspelt `dry_run` would make a job. */
export const jobQuerySchema = z.strictObject({
  dry_run: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .describe('`true`: make nothing, and answer with what would be made'),
})

function isOneLine(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}

function isHttpUrl(text: string): boolean {
  // new URL() would quietly drop tabs and line ends, and escape the rest.
  if (!text.isWellFormed() || /[\p{Cc}\s]/u.test(text) || !URL.canParse(text)) return false
  return /^https?:$/.test(new URL(text).protocol)
}

function isSourceKey(key: string): boolean {
  const [folder, ...parts] = key.split('/')
  if (folder !== 'source' || parts.length === 0 || key.includes('\\')) return false
  return parts.every((part) => part !== '' && part !== '.' && part !== '..')
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Stops at the limit: a body of 64 KiB can be nested deeper than the stack. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))
}

/** jsonb refuses what text refuses: U+0000 and lone surrogates, in names as in values. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner))
}
