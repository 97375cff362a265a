import { Hono } from 'hono'
import { z } from 'zod'
import type { Query } from '../db.ts'
import { StepladderError } from '../errors.ts'
import { discardUpload } from '../jobs/close-upload.ts'
import { createUpload, type UploadFields } from '../jobs/create-upload.ts'
import { findAnswer, makeOnce } from '../jobs/idempotency.ts'
import { prolongUpload, uploadNotFound } from '../jobs/prolong-upload.ts'
import { readUpload, type UploadRow } from '../jobs/read-upload.ts'
import { type UploadState, uploadState } from '../jobs/upload-state.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { created, requestKey } from './idempotency.ts'
import { pathId } from './path-id.ts'
import { parseFields, readJson, readJsonOrNone, readNoBody } from './request-body.ts'
import { signRequestSchema, uploadRequestSchema } from './upload-request.ts'

const noFields = z.strictObject({})

/**
 * `/uploads`: a key of ours, and presigned addresses to write it, whole or in parts, without a byte
 * passing through here. The key is then the source of a job.
 */
export function uploadRoutes({ sql, storage, config, rooms }: ApiContext): Hono {
  // An answer is not told any longer than its address holds.
  const keepS = Math.min(config.IDEMPOTENCY_KEEP_S, config.UPLOAD_EXPIRY_S)

  async function make(query: Query, fields: UploadFields) {
    const { id, key, createdAt } = await createUpload(query, config.UPLOAD_KEEP_S, fields)
    // Computed here, without asking the store.
    const url = await storage.presignUpload(key, config.UPLOAD_EXPIRY_S)
    const state: UploadState = 'waiting'
    const { filename, sizeBytes } = fields
    const signed = { key, url, method: 'PUT', headers: {}, expires_at: addressEnd(createdAt) }
    return {
      answer: {
        location: `/uploads/${id}`,
        body: JSON.stringify({ id, ...signed, state, filename, size_bytes: sizeBytes }),
      },
    }
  }

  function addressEnd(from: Date): Date {
    return new Date(from.getTime() + config.UPLOAD_EXPIRY_S * 1000)
  }

  async function shown(id: string, owner: string) {
    const upload = await readUpload(sql, id, owner)
    if (!upload) throw uploadNotFound(id)
    // What is over is about to be removed.
    const stored = upload.named || !upload.over ? await storage.head(upload.key) : null
    return uploadView(upload, stored?.bytes ?? null)
  }

  return new Hono()
    .post('/uploads', async (c) => {
      const asked = await readJsonOrNone(c)
      const owner = ownerOf(c)
      const fields = { ...uploadFields(asked, config.MAX_SOURCE_BYTES), owner }
      const request = requestKey(c, { route: 'POST /uploads', asked, keepS })
      const earlier = request && (await findAnswer(sql, request))
      if (earlier) return created(c, earlier, { replayed: true })
      const isTight = await rooms.uploads.isTight(owner)
      const outcome = await makeOnce(sql, request, (query) =>
        isTight ? rooms.uploads.claim(query, owner, (tx) => make(tx, fields)) : make(query, fields),
      )
      if ('earlier' in outcome) return created(c, outcome.earlier, { replayed: true })
      return created(c, outcome.made.answer, { replayed: false })
    })
    .post('/uploads/:id/sign', async (c) => {
      const id = pathId(c)
      const operation = parseFields(await readJson(c), signRequestSchema)
      const { key } = await prolongUpload(sql, id, config.UPLOAD_KEEP_S, ownerOf(c))
      const expiresAt = addressEnd(new Date())
      const url = await storage.presignUpload(key, config.UPLOAD_EXPIRY_S, operation)
      return c.json({ method: operation.method, url, key, expires_at: expiresAt })
    })
    .get('/uploads/:id', async (c) => c.json(await shown(pathId(c), ownerOf(c))))
    .delete('/uploads/:id', async (c) => {
      const id = pathId(c)
      await readNoBody(c, noFields)
      await discardUpload(sql, id, ownerOf(c))
      return c.body(null, 204)
    })
}

/** Throws `invalid_request`, and what a job of such a file would be refused with. */
function uploadFields(asked: unknown, maxBytes: number): UploadFields {
  const { filename = null, size_bytes = null, content_type = null } = parseFields(asked, uploadRequestSchema)
  if (size_bytes === 0) throw new StepladderError('empty_source', 'the file has no bytes')
  if (size_bytes !== null && size_bytes > maxBytes) {
    const message = `the file has ${size_bytes} bytes and ${maxBytes} are allowed`
    throw new StepladderError('source_too_large', message)
  }
  return { filename, sizeBytes: size_bytes, contentType: content_type }
}

function uploadView(upload: UploadRow, storedBytes: number | null) {
  const { over, named, size_bytes: sizeBytes } = upload
  return {
    id: upload.id,
    key: upload.key,
    filename: upload.filename,
    size_bytes: sizeBytes,
    content_type: upload.content_type,
    state: uploadState({ over, named, sizeBytes, storedBytes }),
    stored_bytes: storedBytes,
    created_at: upload.created_at,
    expires_at: upload.expires_at,
    videos: upload.videos,
  }
}
