import { z } from 'zod'
import { eventTypes } from '../../webhooks/event-types.ts'
import {
  changeWebhookSchema,
  createWebhookSchema,
  rotateSchema,
  testWebhookSchema,
} from '../webhook-request.ts'
import type { deliveryView, webhookView } from '../webhook-view.ts'
import { deliveriesQuerySchema } from '../webhooks.ts'
import { countSchema, idSchema, type Operation, schemaOf, timeSchema } from './operation.ts'

const webhookFields = {
  id: idSchema,
  url: z.string().nullable().describe('null where each job gives it'),
  per_job: z.boolean(),
  events: z.array(z.enum(eventTypes)),
  description: z.string().nullable(),
  disabled: z.boolean(),
  disabled_reason: z.enum(['asked', 'gone', 'failing']).nullable(),
  disabled_at: timeSchema.nullable(),
  failing_since: timeSchema.nullable().describe('null while all is well'),
  created_at: timeSchema,
}
const webhookSchema = schemaOf<ReturnType<typeof webhookView>>()(
  z.strictObject(webhookFields).meta({ id: 'Webhook' }),
)
const withSecretSchema = z
  .strictObject({ ...webhookFields, secret: z.string().describe('shown this once') })
  .meta({ id: 'WebhookWithSecret' })

const deliverySchema = schemaOf<ReturnType<typeof deliveryView>>()(
  z
    .strictObject({
      id: countSchema,
      webhook_id: z.string().describe('the header of that name, the same in every attempt'),
      type: z.string(),
      video_id: idSchema.nullable(),
      url: z.string().nullable().describe('that of the job, where there is one'),
      state: z.enum(['waiting', 'sending', 'delivered', 'failed', 'cancelled']),
      next_at: timeSchema.nullable().describe('when it is tried next'),
      created_at: timeSchema,
      ended_at: timeSchema.nullable(),
      attempts: z.array(
        z.strictObject({
          at: z.string(),
          ended_at: z.string().nullable(),
          status: z.int().nullable().describe('null where there was no answer'),
          error: z.string().nullable(),
          response: z.string().nullable().describe('the beginning of the answer'),
        }),
      ),
    })
    .meta({ id: 'WebhookDelivery' }),
)

const common = { tag: 'Webhooks', scope: 'submit', asks: ['database'] } as const
const noBody = { schema: z.strictObject({}), required: false }

export const webhookOperations: Operation[] = [
  {
    ...common,
    id: 'createWebhook',
    method: 'post',
    path: '/webhooks',
    summary: 'Name whom to tell of the ends of videos',
    body: {
      schema: createWebhookSchema,
      required: true,
      example: { url: 'https://example.com/hook', events: ['video.completed', 'video.failed'] },
    },
    answers: {
      201: {
        about: 'The webhook with its secret',
        json: withSecretSchema,
        headers: { Location: 'the address of the webhook' },
      },
    },
    problems: ['webhook_exists', 'too_many_webhooks'],
  },
  {
    ...common,
    id: 'listWebhooks',
    method: 'get',
    path: '/webhooks',
    summary: 'List webhooks',
    answers: { 200: { about: 'All of them', json: z.strictObject({ webhooks: z.array(webhookSchema) }) } },
  },
  {
    ...common,
    id: 'getWebhook',
    method: 'get',
    path: '/webhooks/{id}',
    summary: 'Get one webhook',
    answers: { 200: { about: 'The webhook', json: webhookSchema } },
    problems: ['webhook_not_found'],
  },
  {
    ...common,
    id: 'changeWebhook',
    method: 'patch',
    path: '/webhooks/{id}',
    summary: 'Change, disable or enable a webhook',
    body: { schema: changeWebhookSchema, required: true, example: { disabled: true } },
    answers: { 200: { about: 'The changed webhook', json: webhookSchema } },
    problems: ['webhook_not_found'],
  },
  {
    ...common,
    id: 'deleteWebhook',
    method: 'delete',
    path: '/webhooks/{id}',
    summary: 'Remove a webhook and its log',
    body: noBody,
    answers: { 204: { about: 'Removed' } },
    problems: ['webhook_not_found'],
  },
  {
    ...common,
    id: 'rotateSecret',
    method: 'post',
    path: '/webhooks/{id}/rotate',
    summary: 'Get a new secret',
    about: 'The one before signs beside it for a while.',
    body: { schema: rotateSchema, required: false, example: { overlap_s: 3_600 } },
    answers: { 200: { about: 'The webhook with its new secret', json: withSecretSchema } },
    problems: ['webhook_not_found'],
  },
  {
    ...common,
    id: 'testWebhook',
    method: 'post',
    path: '/webhooks/{id}/test',
    summary: 'Send a test',
    body: { schema: testWebhookSchema, required: false, example: {} },
    answers: { 202: { about: 'Its delivery, which the courier is to make', json: deliverySchema } },
    problems: ['webhook_not_found', 'webhook_disabled'],
  },
  {
    ...common,
    id: 'listDeliveries',
    method: 'get',
    path: '/webhooks/{id}/deliveries',
    summary: 'Read the log of a webhook, the latest first',
    query: deliveriesQuerySchema,
    answers: {
      200: {
        about: 'A page of deliveries with all that was tried',
        json: z.strictObject({ deliveries: z.array(deliverySchema), next_cursor: z.string().nullable() }),
        headers: { Link: '`rel="next"`: the address of the next page' },
      },
    },
    problems: ['webhook_not_found'],
  },
  {
    ...common,
    id: 'redeliver',
    method: 'post',
    path: '/webhooks/{id}/deliveries/{delivery}/redeliver',
    summary: 'Send a message again',
    params: { delivery: z.string().describe('the number of the delivery') },
    body: noBody,
    answers: { 202: { about: 'The delivery, which waits again', json: deliverySchema } },
    problems: ['webhook_not_found', 'delivery_not_found', 'delivery_in_progress', 'webhook_disabled'],
  },
]
