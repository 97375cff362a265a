import { z } from 'zod'
import { bpsSchema, countSchema, type Operation, secondsSchema } from './operation.ts'
import { codecSchema } from './video-schema.ts'

const profileSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    video: z
      .strictObject({
        codec: codecSchema,
        preset: z.string(),
        crf: z.number(),
        rungs: z.array(z.strictObject({ name: z.string(), max_bitrate_bps: bpsSchema })),
      })
      .nullable()
      .describe('null where only sound is made'),
    audio: z.strictObject({ codec: z.literal('aac'), bitrate_bps: bpsSchema }),
  })
  .meta({ id: 'Profile' })

export const profileOperations: Operation[] = [
  {
    id: 'listProfiles',
    method: 'get',
    path: '/profiles',
    tag: 'Jobs',
    summary: 'List what a job can ask for',
    scope: 'any',
    asks: [],
    answers: { 200: { about: 'All profiles', json: z.strictObject({ profiles: z.array(profileSchema) }) } },
  },
]

const mostSchema = countSchema.nullable().describe('of one owner; null is without end')

const limitsExample = {
  source_bytes: 10_737_418_240,
  duration_s: 43_200,
  pixels: 35_389_440,
  fps: 120,
  streams: 32,
  output_fps: 60,
  body_bytes: 65_536,
  queued_videos: 10_000,
  open_uploads: 1_000,
  event_streams: 2_000,
  requests: [{ policy: 'read', quota: 6_000, window_s: 60 }],
}

export const limitOperations: Operation[] = [
  {
    id: 'getLimits',
    method: 'get',
    path: '/limits',
    tag: 'Jobs',
    summary: 'Get what a source may be at most, and how much a caller may ask for',
    scope: 'any',
    asks: [],
    answers: {
      200: {
        about: 'The limits',
        json: z.strictObject({
          source_bytes: countSchema,
          duration_s: secondsSchema,
          pixels: countSchema.describe('of one picture'),
          fps: z.number().describe('pictures a second of a source'),
          streams: countSchema.describe('of every kind'),
          output_fps: z.number().describe('pictures a second of a rung'),
          body_bytes: countSchema.describe('of a request'),
          queued_videos: mostSchema,
          open_uploads: mostSchema,
          event_streams: mostSchema,
          requests: z.array(
            z.strictObject({ policy: z.string(), quota: countSchema, window_s: secondsSchema }),
          ),
        }),
        example: limitsExample,
      },
    },
  },
]
