import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import type { JobOptions } from '../../media/plan/job-options.ts'
import { type Video, videoSchema } from './video.ts'

const uploadSchema = z.object({
  key: z.string(),
  url: z.url(),
  headers: z.record(z.string(), z.string()).default({}),
})

/** `POST /uploads`, then the bytes straight to the store. Returns the object's key. */
export async function uploadFile(options: {
  baseUrl: string
  path: string
  signal?: AbortSignal
}): Promise<string> {
  const { baseUrl, path, signal } = options
  const upload = uploadSchema.parse(await post(`${baseUrl}/uploads`, {}))
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
}

/** `POST /jobs`; never makes two, even where an answer is lost. Throws with the API's own sentence when it refuses. */
export async function submitJob(baseUrl: string, job: JobRequest): Promise<Video> {
  return videoSchema.parse(await post(`${baseUrl}/jobs`, job))
}

/** `GET /videos/{id}`. */
export async function getVideo(baseUrl: string, videoId: string): Promise<Video> {
  return videoSchema.parse(await answerOf(await fetch(`${baseUrl}/videos/${videoId}`)))
}

/** Sent once more where nobody can tell what became of it: under its key it makes nothing twice. */
async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const send = () => fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const first = await send().catch(() => null)
  if (first && first.status !== 503 && first.status !== 409) return answerOf(first)
  await first?.body?.cancel()
  await sleep(1000 * Number(first?.headers.get('retry-after') ?? 1))
  return answerOf(await send())
}

const problemSchema = z.object({ title: z.string(), code: z.string(), detail: z.string().optional() })

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (response.ok) return JSON.parse(text)
  const problem = problemSchema.safeParse(parsed(text))
  if (!problem.success)
    throw new StepladderError('api_failed', `the API answered HTTP ${response.status}: ${text}`)
  const { code, detail, title } = problem.data
  throw new StepladderError(code, `${detail ?? title} (HTTP ${response.status}, ${code})`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // not JSON: the caller shows the text itself
  }
}
