import { z } from 'zod'
import { StepladderError } from '../errors.ts'
import { mayBePublic } from '../public-address.ts'
import { hasJobEndpoint } from '../webhooks/endpoints.ts'
import { eventTypes, videoEvents } from '../webhooks/event-types.ts'
import type { ApiContext } from './context.ts'
import { lineSchema, webhookUrlSchema } from './job-request.ts'
import { InvalidRequest } from './problem.ts'

const maxOverlapS = 7 * 24 * 3_600

const eventsSchema = z
  .array(z.enum(eventTypes, `must be one of ${eventTypes.join(', ')}`))
  .min(1, 'must have one at least')
  .max(20)
  .transform((events) => [...new Set(events)])

const descriptionSchema = lineSchema.max(300, 'must have 300 characters at most')

/** The body of `POST /webhooks`. `url` is null for `per_job`. */
export const createWebhookSchema = z
  .strictObject({
    url: webhookUrlSchema.optional().describe('where to send: http or https at a public address'),
    per_job: z
      .literal(true, 'must be true or left out')
      .optional()
      .describe('instead of `url`: each job gives the address'),
    events: eventsSchema.default([...videoEvents]).describe('what to be told of'),
    description: descriptionSchema.nullable().default(null).describe('one line for people'),
    disabled: z.boolean().default(false).describe('nothing is sent'),
  })
  .refine(
    ({ url, per_job }) => (url === undefined) !== (per_job === undefined),
    'must have either url or per_job',
  )
  .transform(({ url = null, per_job, ...fields }) => ({ url, ...fields }))

/** The body of `PATCH /webhooks/{id}`. */
export const changeWebhookSchema = z
  .strictObject({
    url: webhookUrlSchema.optional().describe('where to send'),
    events: eventsSchema.optional().describe('what to be told of'),
    description: descriptionSchema.nullable().optional().describe('one line for people'),
    disabled: z.boolean().optional().describe('nothing is sent'),
  })
  .refine((fields) => Object.keys(fields).length > 0, 'must have one field at least')

export const rotateSchema = z.strictObject({
  overlap_s: z
    .int()
    .min(0, 'must be 0 at least')
    .max(maxOverlapS, `must be ${maxOverlapS} at most`)
    .default(86_400)
    .describe('how long the secret before signs beside the new one'),
})

export const testWebhookSchema = z.strictObject({
  url: webhookUrlSchema.optional().describe('where to send, for the webhook that has no address'),
})

/** Throws `invalid_request` for an address that is known to lie inside. Names are checked by the courier as it connects. */
export function checkMayBePublic(path: string, url: string | null | undefined, allowPrivate: boolean): void {
  if (!url || allowPrivate || mayBePublic(new URL(url).hostname)) return
  throw new InvalidRequest([{ path, message: 'must lie at a public address' }])
}

/** Throws `invalid_request`, and `no_job_webhook` while there is no secret that would sign what is sent there. */
export async function checkJobWebhook(
  { sql, config }: Pick<ApiContext, 'sql' | 'config'>,
  { url, owner }: { url: string | undefined; owner: string },
): Promise<void> {
  if (url === undefined) return
  checkMayBePublic('webhook_url', url, config.FETCH_PRIVATE_ADDRESSES)
  if (await hasJobEndpoint(sql, owner)) return
  throw new StepladderError('no_job_webhook', 'make a webhook with "per_job": true first, whose secret signs')
}
