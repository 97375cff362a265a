import { z } from 'zod'

const resolutionSchema = z.looseObject({
  name: z.string(),
  width: z.number(),
  height: z.number(),
  /** As a fraction, like `30000/1001`. */
  fps: z.string().nullable(),
  codec: z.string().nullable(),
  state: z.string(),
  size_bytes: z.number().nullable(),
  average_bitrate_bps: z.number().nullable(),
  peak_bitrate_bps: z.number().nullable(),
  frames: z.number().nullable(),
  duration_s: z.number().nullable(),
  mp4_url: z.string().nullish(),
})

/** `GET /videos/{id}`: what the client and the tests read of it; the rest is kept as it is. */
export const videoSchema = z.looseObject({
  id: z.uuid(),
  title: z.string().nullable(),
  status: z.enum(['queued', 'processing', 'completed', 'failed', 'cancelled']),
  resolutions: z.array(resolutionSchema),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_at: z.string(),
  completed_at: z.string().nullable(),
  links: z.looseObject({ page: z.string().optional(), hls: z.string().nullish() }),
})
export type Video = z.infer<typeof videoSchema>
