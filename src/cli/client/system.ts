import { z } from 'zod'
import { askApi } from './request.ts'
import type { Reach } from './videos.ts'

const workerSchema = z.looseObject({
  id: z.string(),
  host: z.string(),
  version: z.string(),
  slots: z.number(),
  draining: z.boolean(),
  paused_for: z.array(z.string()),
  started_at: z.string(),
  tasks: z.array(
    z.looseObject({
      video_id: z.string(),
      title: z.string().nullable(),
      kind: z.string(),
      position: z.number(),
      started_at: z.string(),
    }),
  ),
})

const systemSchema = z.looseObject({
  workers: z.array(workerSchema),
  queue: z.array(
    z.looseObject({
      priority: z.string(),
      videos_queued: z.number(),
      tasks_waiting: z.number(),
      tasks_running: z.number(),
      oldest_queued_at: z.string().nullable(),
    }),
  ),
  failures: z.array(z.looseObject({ code: z.string(), videos: z.number(), latest_at: z.string() })),
})
export type System = z.infer<typeof systemSchema>

const readinessSchema = z.object({
  status: z.string(),
  checks: z.record(
    z.string(),
    z.object({ status: z.enum(['ok', 'warning', 'failed']), message: z.string() }),
  ),
})
export type Readiness = z.infer<typeof readinessSchema>

/** `GET /system`. */
export async function readSystem(reach: Reach): Promise<System> {
  return askApi(systemSchema, { ...reach, path: '/system' })
}

/** `GET /readyz`, which answers 503 with the same body while something is amiss. */
export async function readReadiness(reach: Reach): Promise<Readiness> {
  return askApi(readinessSchema, { ...reach, path: '/readyz', alsoFine: 503 })
}
