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

export const limitOperations: Operation[] = [
  {
    id: 'getLimits',
    method: 'get',
    path: '/limits',
    tag: 'Jobs',
    summary: 'Get what a source may be at most',
    scope: 'any',
    asks: [],
    answers: {
      200: {
        about: 'The limits',
        json: z.strictObject({
          source_bytes: countSchema,
          duration_s: secondsSchema,
          pixels: countSchema.describe('of one picture'),
          streams: countSchema.describe('of every kind'),
        }),
        example: { source_bytes: 10_737_418_240, duration_s: 43_200, pixels: 35_389_440, streams: 32 },
      },
    },
  },
]
