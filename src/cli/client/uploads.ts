import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { askApi } from './request.ts'
import type { Reach } from './videos.ts'

const begunSchema = z.object({ id: z.string(), key: z.string(), url: z.url() })
export type BegunUpload = z.infer<typeof begunSchema>

const uploadSchema = z.object({
  id: z.string(),
  key: z.string(),
  state: z.enum(['waiting', 'uploaded', 'expired']),
  stored_bytes: z.number().nullable(),
})

/** The six requests that `POST /uploads/{id}/sign` signs, by their fields; `upload_id` is the store's. */
export type StoreOperation = {
  method: 'PUT' | 'POST' | 'GET' | 'DELETE'
  upload_id?: string
  part_number?: number
}

/** `POST /uploads`. */
export async function beginUpload(
  reach: Reach,
  file: { filename?: string; size_bytes?: number } = {},
): Promise<BegunUpload> {
  const request = { ...reach, path: '/uploads', method: 'POST', body: file } as const
  return askApi(begunSchema, { ...request, idempotencyKey: randomUUID() })
}

/** `POST /uploads/{id}/sign`: the address to send the operation to. */
export async function signOperation(reach: Reach, id: string, operation: StoreOperation): Promise<string> {
  const path = `/uploads/${encodeURIComponent(id)}/sign`
  const { url } = await askApi(z.object({ url: z.url() }), {
    ...reach,
    path,
    method: 'POST',
    body: operation,
  })
  return url
}

/** `GET /uploads/{id}`. */
export async function getUpload(reach: Reach, id: string) {
  return askApi(uploadSchema, { ...reach, path: `/uploads/${encodeURIComponent(id)}` })
}

/** `DELETE /uploads/{id}`: what was sent of it is removed. */
export async function discardUpload(reach: Reach, id: string): Promise<void> {
  await askApi(z.null(), { ...reach, path: `/uploads/${encodeURIComponent(id)}`, method: 'DELETE' })
}
