import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { StepladderError } from '../errors.ts'
import { listDeliveries, redeliver, sendTest } from '../webhooks/deliveries.ts'
import {
  changeEndpoint,
  createEndpoint,
  type EndpointRow,
  listEndpoints,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
} from '../webhooks/endpoints.ts'
import { secretText } from '../webhooks/secret.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { createCursor } from './cursor.ts'
import { pathId } from './path-id.ts'
import { InvalidRequest } from './problem.ts'
import { parseFields, readJson, readJsonOrNone, readNoBody } from './request-body.ts'
import { readQuery } from './request-query.ts'
import { cursorSchema, limitSchema } from './video-query.ts'
import {
  changeWebhookSchema,
  checkMayBePublic,
  createWebhookSchema,
  rotateSchema,
  testWebhookSchema,
} from './webhook-request.ts'
import { deliveryView, webhookView } from './webhook-view.ts'

const noFields = z.strictObject({})
/** The query of `GET /webhooks/{id}/deliveries`. */
export const deliveriesQuerySchema = z.strictObject({
  limit: limitSchema.default(20).describe('lines a page'),
  cursor: cursorSchema.optional(),
})
const cursors = createCursor(z.int().positive())

/** `/webhooks`: whom to tell of the ends of videos, and the log of what they were told. The courier does the telling. */
export function webhookRoutes({ sql, config }: Pick<ApiContext, 'sql' | 'config'>): Hono {
  const allowPrivate = config.FETCH_PRIVATE_ADDRESSES
  const endpointOf = (c: Context) => readEndpoint(sql, ownerOf(c), pathId(c))

  return new Hono()
    .post('/webhooks', async (c) => {
      const fields = parseFields(await readJson(c), createWebhookSchema)
      checkMayBePublic('url', fields.url, allowPrivate)
      const { endpoint, secret } = await createEndpoint(sql, ownerOf(c), fields)
      c.header('Location', `/webhooks/${endpoint.id}`)
      return c.json({ ...webhookView(endpoint), secret: secretText(secret) }, 201)
    })
    .get('/webhooks', async (c) => {
      const endpoints = await listEndpoints(sql, ownerOf(c))
      return c.json({ webhooks: endpoints.map(webhookView) })
    })
    .get('/webhooks/:id', async (c) => c.json(webhookView(await endpointOf(c))))
    .patch('/webhooks/:id', async (c) => {
      const id = pathId(c)
      const change = parseFields(await readJson(c), changeWebhookSchema)
      checkMayBePublic('url', change.url, allowPrivate)
      if (change.url !== undefined) checkTakesUrl(await endpointOf(c))
      return c.json(webhookView(await changeEndpoint(sql, { owner: ownerOf(c), id }, change)))
    })
    .delete('/webhooks/:id', async (c) => {
      const id = pathId(c)
      await readNoBody(c, noFields)
      await removeEndpoint(sql, ownerOf(c), id)
      return c.body(null, 204)
    })
    .post('/webhooks/:id/rotate', async (c) => {
      const id = pathId(c)
      const { overlap_s } = parseFields(await readJsonOrNone(c), rotateSchema)
      const secret = await rotateSecret(sql, { owner: ownerOf(c), id }, overlap_s)
      return c.json({ ...webhookView(await endpointOf(c)), secret: secretText(secret) })
    })
    .post('/webhooks/:id/test', async (c) => {
      const { url = null } = parseFields(await readJsonOrNone(c), testWebhookSchema)
      const endpoint = await endpointOf(c)
      checkMayBePublic('url', url, allowPrivate)
      if ((endpoint.url === null) !== (url !== null)) {
        throw new InvalidRequest([
          { path: 'url', message: 'is for the webhook that has none, and needed there' },
        ])
      }
      return c.json(deliveryView(await sendTest(sql, endpoint, url)), 202)
    })
    .get('/webhooks/:id/deliveries', async (c) => {
      const { limit, cursor } = readQuery(c, deliveriesQuerySchema)
      const before = cursor === undefined ? null : cursors.decode(cursor)
      const { id } = await endpointOf(c)
      const page = await listDeliveries(sql, id, { before, limit })
      const next = page.next === null ? null : cursors.encode(page.next)
      if (next) c.header('Link', `</webhooks/${id}/deliveries?limit=${limit}&cursor=${next}>; rel="next"`)
      return c.json({ deliveries: page.deliveries.map(deliveryView), next_cursor: next })
    })
    .post('/webhooks/:id/deliveries/:delivery/redeliver', async (c) => {
      const delivery = deliveryOf(c)
      await readNoBody(c, noFields)
      return c.json(deliveryView(await redeliver(sql, await endpointOf(c), delivery)), 202)
    })
}

function checkTakesUrl(endpoint: EndpointRow): void {
  if (endpoint.url !== null) return
  throw new InvalidRequest([
    { path: 'url', message: 'cannot be given to the webhook whose address each job gives' },
  ])
}

/** Throws `delivery_not_found` for what is no number of a row. */
function deliveryOf(c: Context): number {
  const text = c.req.param('delivery') ?? ''
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (id > 0) return id
  throw new StepladderError('delivery_not_found', 'the webhook has no such delivery')
}
