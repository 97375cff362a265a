import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { JobOptions } from '../../media/plan/job-options.ts'
import { askApi } from './request.ts'
import { mediaSchema, planSchema, type Video, videoSchema } from './video.ts'
import { type Api, type Reach, reachOf } from './videos.ts'

export type JobRequest = Partial<JobOptions> & {
  source: { key: string } | { url: string }
  title?: string
  priority?: 'high' | 'normal' | 'low'
  metadata?: Record<string, unknown>
}

/** `POST /jobs`; never makes two, even where an answer is lost. Throws with the API's own sentence when it refuses. */
export async function submitJob(
  api: Api,
  job: JobRequest,
  { idempotencyKey = randomUUID(), signal }: { idempotencyKey?: string; signal?: AbortSignal } = {},
): Promise<Video> {
  return askApi(videoSchema, {
    ...reachOf(api),
    signal,
    path: '/jobs',
    method: 'POST',
    body: job,
    idempotencyKey,
  })
}

const dryRunSchema = z.looseObject({
  media: mediaSchema,
  plan: planSchema,
})
export type DryRun = z.infer<typeof dryRunSchema>

/** `POST /jobs?dry_run=true`: what would be made of it and why; nothing is kept. */
export async function planJob(reach: Reach, job: JobRequest): Promise<DryRun> {
  return askApi(dryRunSchema, { ...reach, path: '/jobs?dry_run=true', method: 'POST', body: job })
}

const profilesSchema = z.object({ profiles: z.array(z.looseObject({ name: z.string() })) })

/** `GET /profiles`: their names. */
export async function listProfiles(reach: Reach): Promise<string[]> {
  const { profiles } = await askApi(profilesSchema, { ...reach, path: '/profiles' })
  return profiles.map(({ name }) => name)
}
