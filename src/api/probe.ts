import { Hono } from 'hono'
import { z } from 'zod'
import { checkOwnSource } from '../jobs/owns-source.ts'
import type { MediaInfo, Plan } from '../media/model.ts'
import type { JobOptions } from '../media/plan/job-options.ts'
import { makePlan } from '../media/plan/make-plan.ts'
import type { Profile } from '../media/plan/profiles.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { type JobSource, sourceSchema } from './job-request.ts'
import { InvalidRequest } from './problem.ts'
import { parseFields, readJson } from './request-body.ts'

/** The body of `POST /probe`. */
export const probeRequestSchema = z.strictObject({
  source: sourceSchema.describe('a `key`; a `url` is fetched only once there is a job'),
})

/** `POST /probe`: what ffprobe finds in a source, before any job is made of it. */
export function probeRoutes({ prober, sql }: ApiContext): Hono {
  return new Hono().post('/probe', async (c) => {
    const { source } = parseFields(await readJson(c), probeRequestSchema)
    const key = probeKey(source)
    await checkOwnSource(sql, key, ownerOf(c))
    return c.json({ media: await prober.probe(key, c.req.raw.signal) })
  })
}

/** The key of a source that can be looked at. Throws `invalid_request` for a URL, which is fetched later. */
export function probeKey(source: JobSource): string {
  if (source.kind === 'key') return source.key
  const message = 'cannot be looked at before it is fetched: upload the file and give its key'
  throw new InvalidRequest([{ path: 'source.url', message }])
}

/** The plan as a worker would make it, but for what only a worker measures; its warnings say what. */
export function planDry(media: MediaInfo, profile: Profile, options: JobOptions): Omit<Plan, 'build'> {
  const { build: _, ...plan } = makePlan({ media, build: '', singleChunk: null, profile })
  return { ...plan, warnings: [...plan.warnings, ...leftOut(media, plan, options)] }
}

function leftOut(
  media: MediaInfo,
  { video }: Pick<Plan, 'video'>,
  { per_title }: JobOptions,
): Plan['warnings'] {
  const warnings: Plan['warnings'] = []
  const warn = (code: string, message: string) => warnings.push({ code, message })
  if (video && per_title)
    warn(
      'not_sampled',
      'rungs and caps are fitted to the content when the job is planned, and may become fewer',
    )
  if (video && media.video?.interlaced)
    warn(
      'fields_not_measured',
      'whether and how the film is deinterlaced is decided by its pictures when the job is planned',
    )
  return warnings
}
