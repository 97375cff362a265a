import { randomUUIDv7 } from 'node:crypto'
import { Hono } from 'hono'
import type { z } from 'zod'
import type { Query } from '../db.ts'
import { checkSource } from '../jobs/check-source.ts'
import { findAnswer, makeOnce } from '../jobs/idempotency.ts'
import { checkOwnSource } from '../jobs/owns-source.ts'
import { type Submission, submitVideo, whileSourcesGo } from '../jobs/submit.ts'
import { jobOptionsSchema } from '../media/plan/job-options.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { created, requestKey } from './idempotency.ts'
import { type JobSource, jobQuerySchema, jobRequestSchema } from './job-request.ts'
import { planDry, probeKey } from './probe.ts'
import { knownProfile } from './profiles.ts'
import { parseFields, readJson } from './request-body.ts'
import { readQuery } from './request-query.ts'
import { submittedVideo } from './video-view.ts'
import { checkJobWebhook } from './webhook-request.ts'

/** `POST /jobs`: 201 once the row is committed, whether or not Redis is there; with `dry_run` 200 and a plan. */
export function jobRoutes(context: ApiContext): Hono {
  const { sql, storage, config, rooms } = context

  async function pinSource(source: JobSource, owner: string) {
    if (source.kind === 'url') return source
    await checkOwnSource(sql, source.key, owner)
    const { etag, bytes } = await checkSource(storage, source.key, config.MAX_SOURCE_BYTES)
    return { ...source, etag, bytes }
  }

  /** What would be made; nothing is stored. */
  async function dryRun(request: z.infer<typeof jobRequestSchema>, owner: string, gone: AbortSignal) {
    const profile = knownProfile(context.profiles, request.profile)
    const key = probeKey(request.source)
    await checkOwnSource(sql, key, owner)
    const media = await context.prober.probe(key, gone)
    return { media, plan: planDry(media, profile, request) }
  }

  async function make(query: Query, job: Submission) {
    const { taskId, createdAt } = await submitVideo(query, job)
    const body = JSON.stringify(submittedVideo(job, createdAt))
    return { taskId, answer: { location: `/videos/${job.id}`, body } }
  }

  return new Hono().post('/jobs', async (c) => {
    const owner = ownerOf(c)
    const asked = await readJson(c)
    const request = parseFields(asked, jobRequestSchema)
    const { dry_run } = readQuery(c, jobQuerySchema)
    if (dry_run === 'true') return c.json(await dryRun(request, owner, c.req.raw.signal))
    const key = requestKey(c, { route: 'POST /jobs', asked, keepS: config.IDEMPOTENCY_KEEP_S })
    // Before the store is asked: the answer stands even if the source, or the video, is gone by now.
    const earlier = key && (await findAnswer(sql, key))
    if (earlier) return created(c, earlier, { replayed: true })
    knownProfile(context.profiles, request.profile)
    await checkJobWebhook(context, { url: request.webhook_url, owner })
    const job: Submission = {
      id: randomUUIDv7(),
      owner,
      title: request.title ?? null,
      priority: request.priority,
      metadata: request.metadata,
      options: jobOptionsSchema.parse(request),
      webhookUrl: request.webhook_url,
      source: await pinSource(request.source, owner),
    }
    const isTight = await rooms.queue.isTight(owner)
    const outcome = await whileSourcesGo(() =>
      makeOnce(sql, key, (query) =>
        isTight ? rooms.queue.claim(query, owner, (tx) => make(tx, job)) : make(query, job),
      ),
    ).catch(async (error) => {
      // Another owner came to name the source first.
      if (job.source.kind === 'key') await checkOwnSource(sql, job.source.key, owner)
      throw error
    })
    if ('earlier' in outcome) return created(c, outcome.earlier, { replayed: true })
    const { taskId, answer } = outcome.made
    context.reach('submitted')
    if (job.source.kind === 'url') context.wake('stepladder_fetch')
    else await context.announce(taskId, job.priority)
    return created(c, answer, { replayed: false })
  })
}
