import { Hono } from 'hono'
import { z } from 'zod'
import { createUpload } from '../jobs/create-upload.ts'
import type { ApiContext } from './context.ts'
import { readNoBody } from './request-body.ts'

const noFields = z.strictObject({})

/** `POST /uploads`: an address for one PUT of the file, whose `key` is then the source of a job. */
export function uploadRoutes({ sql, storage, config }: ApiContext): Hono {
  return new Hono().post('/uploads', async (c) => {
    await readNoBody(c, noFields)
    const { id, key, expiresAt } = await createUpload(sql, config.UPLOAD_EXPIRY_S)
    const url = await storage.presignUpload(key, config.UPLOAD_EXPIRY_S)
    c.header('Cache-Control', 'no-store')
    return c.json({ id, key, url, method: 'PUT', headers: {}, expires_at: expiresAt }, 201)
  })
}
