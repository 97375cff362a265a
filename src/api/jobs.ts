import { randomUUIDv7 } from 'node:crypto'
import { Hono } from 'hono'
import type { Submission } from '../jobs/submit.ts'
import { submitVideo } from '../jobs/submit.ts'
import type { ApiContext } from './context.ts'
import { jobRequestSchema } from './job-request.ts'
import { readBody } from './request-body.ts'
import { checkSource } from './source-check.ts'
import { submittedVideo } from './video-view.ts'

/** `POST /jobs`: 201 once the row is committed, whether or not Redis is there. */
export function jobRoutes(context: ApiContext): Hono {
  const { sql, storage, config } = context

  async function pinSource(source: { kind: 'url'; url: string } | { kind: 'key'; key: string }) {
    if (source.kind === 'url') return source
    const { etag, bytes } = await checkSource(storage, source.key, config.MAX_SOURCE_BYTES)
    return { ...source, etag, bytes }
  }

  return new Hono().post('/jobs', async (c) => {
    const request = await readBody(c, jobRequestSchema)
    const job: Submission = {
      id: randomUUIDv7(),
      title: request.title ?? null,
      priority: request.priority,
      metadata: request.metadata,
      source: await pinSource(request.source),
    }
    const { taskId, createdAt } = await submitVideo(sql, job)
    context.reach('submitted')
    if (job.source.kind === 'url') context.wake('stepladder_fetch')
    else await context.announce(taskId)
    return c.json(submittedVideo(job, createdAt), 201, { Location: `/videos/${job.id}` })
  })
}
