import { z } from 'zod'

/**
 * The whole progress of one video, as published on `video:progress:<video_id>` and
 * `video:progress:all` and relayed over SSE. Every event is complete, so a missed one costs nothing.
 */
export const progressSnapshotSchema = z.object({
  video_id: z.uuid(),
  /** Grows with every change: max(previous + 1, Redis milliseconds). */
  seq: z.number(),
  status: z.enum(['queued', 'processing', 'completed', 'failed', 'cancelled']),
  /** 0 to 100, never backwards within one life of the job. */
  percent: z.number(),
  stage: z.enum(['queued', 'fetching', 'planning', 'encoding', 'packaging', 'finishing', 'done']),
  frames: z.number(),
  total_frames: z.number().nullable(),
  fps: z.number().nullable(),
  /** Multiples of real time. */
  speed: z.number().nullable(),
  eta_s: z.number().nullable(),
  chunks: z.object({ done: z.number(), running: z.number(), total: z.number() }),
  resolutions: z.array(z.object({ name: z.string(), segments: z.number(), bytes: z.number() })),
  queue_position: z.number().optional(),
  fetched: z.object({ bytes: z.number(), total_bytes: z.number().nullable() }).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
export type ProgressSnapshot = z.infer<typeof progressSnapshotSchema>
