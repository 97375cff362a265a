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

const reasonSchema = z.looseObject({ name: z.string(), code: z.string(), reason: z.string() })

/** What is made and why, as a video or a dry run shows it. */
export const planSchema = z.looseObject({
  profile: z.string(),
  video: z
    .looseObject({
      rungs: z.array(
        z.looseObject({
          name: z.string(),
          width: z.number(),
          height: z.number(),
          max_bitrate_bps: z.number(),
        }),
      ),
      chunks: z.array(z.unknown()),
    })
    .nullable(),
  kept: z.array(reasonSchema),
  skipped: z.array(reasonSchema),
  warnings: z.array(z.looseObject({ code: z.string(), message: z.string() })),
})
export type Plan = z.infer<typeof planSchema>

/** What ffprobe found, as far as it is shown on one line. */
export const mediaSchema = z.looseObject({
  format: z.string(),
  duration_s: z.number().nullable(),
  size_bytes: z.number(),
  video: z.looseObject({ codec: z.string(), width: z.number(), height: z.number() }).nullable(),
  audio: z.array(z.looseObject({ codec: z.string().nullable(), language: z.string().nullable() })),
  subtitles: z.array(z.unknown()),
})
export type Media = z.infer<typeof mediaSchema>

/** All about one video. */
export const videoDetailSchema = videoSchema.extend({
  priority: z.string(),
  source: z.looseObject({ kind: z.string(), url: z.string().nullable(), key: z.string().nullable() }),
  media: mediaSchema.nullable(),
  tracks: z.array(
    z.looseObject({
      name: z.string(),
      state: z.string(),
      language: z.string().nullable(),
      codec: z.string().nullable(),
      size_bytes: z.number().nullable(),
    }),
  ),
  timings: z.looseObject({
    queued_s: z.number().nullable(),
    processing_s: z.number().nullable(),
    total_s: z.number().nullable(),
  }),
  queue_position: z.number().nullable(),
  plan: planSchema.nullable(),
})
export type VideoDetail = z.infer<typeof videoDetailSchema>
