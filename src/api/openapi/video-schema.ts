import { z } from 'zod'
import { priorities, videoStatuses } from '../../jobs/state.ts'
import type { Finding } from '../../media/checks/findings.ts'
import type { RungQuality } from '../../media/checks/quality-figures.ts'
import { codecs, mediaInfoSchema, planSchema } from '../../media/model.ts'
import { jobOptionsSchema } from '../../media/plan/job-options.ts'
import type { listedVideo, videoView } from '../video-view.ts'
import { bpsSchema, countSchema, idSchema, schemaOf, secondsSchema, timeSchema } from './operation.ts'

export const mediaSchema = mediaInfoSchema.meta({ id: 'Media', description: 'what ffprobe found' })
export const documentedPlanSchema = planSchema.meta({ id: 'Plan', description: 'what is made and why' })

const qualitySchema = schemaOf<RungQuality>()(
  z.strictObject({
    frames: countSchema,
    ssim_mean: z.number(),
    ssim_min: z.number(),
    psnr_y_db: z.number().nullable().describe('null for a picture that is the same'),
    psnr_db: z.number().nullable(),
    vmaf_mean: z.number().nullable().describe('0 to 100'),
    vmaf_min: z.number().nullable(),
  }),
)

const renditionSchema = z
  .strictObject({
    name: z.string().describe('as in `1080p`'),
    width: countSchema,
    height: countSchema,
    fps: z.string().describe('a fraction such as `30000/1001`'),
    codec: z.string().nullable(),
    state: z.enum(['planned', 'ready']),
    max_bitrate_bps: bpsSchema,
    size_bytes: countSchema.nullable().describe('of the HLS segments'),
    average_bitrate_bps: bpsSchema.nullable(),
    peak_bitrate_bps: bpsSchema.nullable(),
    frames: countSchema.nullable(),
    duration_s: secondsSchema.nullable(),
    mp4_url: z.string().nullable(),
    mp4_size_bytes: countSchema.nullable(),
    quality: qualitySchema.nullable().describe('against the source, where that was asked for'),
  })
  .meta({ id: 'Rendition', description: 'one rung of the ladder' })

const trackSchema = z
  .strictObject({
    name: z.string().describe('as in `audio-0`'),
    kind: z.enum(['audio', 'subtitle']),
    language: z.string().nullable(),
    title: z.string().nullable(),
    state: z.enum(['planned', 'ready', 'skipped']),
    codec: z.string().nullable(),
    channels: countSchema.nullable(),
    size_bytes: countSchema.nullable(),
    average_bitrate_bps: bpsSchema.nullable(),
    duration_s: secondsSchema.nullable(),
  })
  .meta({ id: 'Track', description: 'one track of sound or text' })

const sourceSchema = z.strictObject({
  kind: z.enum(['url', 'key']),
  url: z.string().nullable().describe('without credentials and query'),
  key: z.string().nullable(),
  size_bytes: countSchema.nullable(),
})

const linksSchema = z.strictObject({
  self: z.string(),
  progress: z.string(),
  hls: z.string(),
  dash: z.string(),
  poster: z.string().nullable(),
  storyboard: z.string().nullable(),
  embed: z.string(),
  page: z.string(),
})

const listedFields = {
  id: idSchema,
  title: z.string().nullable(),
  status: z.enum(videoStatuses),
  priority: z.enum(priorities),
  source: sourceSchema,
  metadata: z.record(z.string(), z.unknown()).describe('as it was given'),
  options: jobOptionsSchema.describe('what was asked for'),
  media: mediaSchema.nullable().describe('null before the source was looked at'),
  resolutions: z.array(renditionSchema).describe('the highest first'),
  tracks: z.array(trackSchema),
  tasks: z.strictObject({ total: countSchema, done: countSchema }),
  error: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe('null unless it failed'),
  created_at: timeSchema,
  started_at: timeSchema.nullable(),
  completed_at: timeSchema.nullable().describe('the end, whatever it was'),
  timings: z
    .strictObject({
      queued_s: secondsSchema,
      processing_s: secondsSchema.nullable(),
      total_s: secondsSchema.nullable(),
    })
    .describe('the first two run on until they are over'),
  links: linksSchema,
}

const findingSchema = schemaOf<Finding>()(
  z.strictObject({ check: z.string(), passed: z.boolean(), detail: z.string(), code: z.string().nullable() }),
)

/** As `GET /videos` shows it. */
export const listedVideoSchema = schemaOf<ReturnType<typeof listedVideo>>()(
  z.strictObject(listedFields).meta({ id: 'ListedVideo', description: 'a video without what is long' }),
)

/** As `GET /videos/{id}` shows it. */
export const videoSchema = schemaOf<ReturnType<typeof videoView>>()(
  z
    .strictObject({
      ...listedFields,
      plan: documentedPlanSchema.nullable().describe('null before it was planned'),
      findings: z.array(findingSchema).nullable().describe('what the checks found; null before the end'),
      queue_position: countSchema.nullable().describe('1 is next; null when it does not queue'),
    })
    .meta({ id: 'Video', description: 'all about one video' }),
)

export const codecSchema = z.enum(codecs)

const id = '0198c4e2-7a31-7c3e-9d40-5f3b1c2a9e10'

/** A video that was submitted just now. */
export const videoExample: z.input<typeof videoSchema> = {
  id,
  title: 'Film',
  status: 'queued',
  priority: 'normal',
  source: {
    kind: 'key',
    url: null,
    key: 'source/0198c4e2-5b0f-7c11-8a20-6c0d2e4f8a01',
    size_bytes: 73_400_320,
  },
  metadata: { course: 7 },
  options: { profile: 'default', per_title: false, quality: false, allow_partial: false },
  media: null,
  resolutions: [],
  tracks: [],
  tasks: { total: 0, done: 0 },
  error: null,
  created_at: '2026-05-04T10:00:00.000Z',
  started_at: null,
  completed_at: null,
  timings: { queued_s: 0, processing_s: null, total_s: null },
  plan: null,
  findings: null,
  queue_position: null,
  links: {
    self: `/videos/${id}`,
    progress: `/progress/${id}`,
    hls: `/videos/${id}/hls/master.m3u8`,
    dash: `/videos/${id}/dash/manifest.mpd`,
    poster: null,
    storyboard: null,
    embed: `/embed/${id}`,
    page: `/#/videos/${id}`,
  },
}
