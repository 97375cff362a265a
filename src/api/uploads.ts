import { Hono } from 'hono'
import { z } from 'zod'
import type { Query } from '../db.ts'
import { createUpload } from '../jobs/create-upload.ts'
import { findAnswer, makeOnce } from '../jobs/idempotency.ts'
import type { ApiContext } from './context.ts'
import { created, requestKey } from './idempotency.ts'
import { readNoBody } from './request-body.ts'

const noFields = z.strictObject({})

/** `POST /uploads`: an address for one PUT of the file, whose `key` is then the source of a job. */
export function uploadRoutes({ sql, storage, config }: ApiContext): Hono {
  // An answer is not told any longer than its address holds.
  const keepS = Math.min(config.IDEMPOTENCY_KEEP_S, config.UPLOAD_EXPIRY_S)

  async function make(query: Query) {
    const { id, key, expiresAt } = await createUpload(query, config.UPLOAD_EXPIRY_S)
    // Computed here, without asking the store.
    const url = await storage.presignUpload(key, config.UPLOAD_EXPIRY_S)
    const body = JSON.stringify({ id, key, url, method: 'PUT', headers: {}, expires_at: expiresAt })
    return { answer: { location: null, body } }
  }

  return new Hono().post('/uploads', async (c) => {
    await readNoBody(c, noFields)
    const request = requestKey(c, { route: 'POST /uploads', asked: {}, keepS })
    c.header('Cache-Control', 'no-store')
    const earlier = request && (await findAnswer(sql, request))
    if (earlier) return created(c, earlier, { replayed: true })
    const outcome = await makeOnce(sql, request, make)
    if ('earlier' in outcome) return created(c, outcome.earlier, { replayed: true })
    return created(c, outcome.made.answer, { replayed: false })
  })
}
