import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import type { JobOptions } from '../../media/plan/job-options.ts'
import { askApi } from './request.ts'
import { type Video, videoSchema } from './video.ts'

const uploadSchema = z.object({
  key: z.string(),
  url: z.url(),
  headers: z.record(z.string(), z.string()).default({}),
})

/** `POST /uploads`, then the bytes straight to the store in one PUT. Returns the object's key. */
export async function uploadFile(options: {
  baseUrl: string
  path: string
  signal?: AbortSignal
}): Promise<string> {
  const { baseUrl, path, signal } = options
  const request = { baseUrl, path: '/uploads', method: 'POST', body: {}, signal } as const
  const upload = await askApi(uploadSchema, { ...request, idempotencyKey: randomUUID() })
  const { size } = await stat(path)
  const body = Readable.toWeb(createReadStream(path))
  const response = await fetch(upload.url, {
    method: 'PUT',
    // A presigned PUT takes no chunked body: the length must be known beforehand.
    headers: { ...upload.headers, 'content-length': String(size) },
    body,
    duplex: 'half',
    ...(signal && { signal }),
  })
  const answer = await response.text()
  if (!response.ok) {
    throw new StepladderError(
      'upload_refused',
      `the store refused the upload: HTTP ${response.status} ${answer}`,
    )
  }
  return upload.key
}

export type JobRequest = Partial<JobOptions> & {
  source: { key: string } | { url: string }
  title?: string
  priority?: 'high' | 'normal' | 'low'
  metadata?: Record<string, unknown>
}

/** `POST /jobs`; never makes two, even where an answer is lost. Throws with the API's own sentence when it refuses. */
export async function submitJob(
  baseUrl: string,
  job: JobRequest,
  idempotencyKey: string = randomUUID(),
): Promise<Video> {
  return askApi(videoSchema, { baseUrl, path: '/jobs', method: 'POST', body: job, idempotencyKey })
}
