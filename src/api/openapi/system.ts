import { z } from 'zod'
import type { SystemOverview } from '../../jobs/read-system.ts'
import { priorities } from '../../jobs/state.ts'
import { countSchema, idSchema, type Operation, schemaOf, secondsSchema, timeSchema } from './operation.ts'
import { taskKindSchema } from './task-kind.ts'

const workerSchema = z
  .strictObject({
    id: z.string(),
    host: z.string(),
    version: z.string().describe('of ffmpeg'),
    build: z.string(),
    slots: countSchema,
    draining: z.boolean(),
    paused_for: z.array(z.string()).describe('what is away without which it begins nothing'),
    paused_since: timeSchema.nullable(),
    started_at: timeSchema,
    seen_at: timeSchema,
    tasks: z.array(
      z.strictObject({
        video_id: idSchema,
        title: z.string().nullable(),
        kind: taskKindSchema,
        position: countSchema,
        attempt: countSchema,
        started_at: timeSchema,
      }),
    ),
  })
  .meta({ id: 'Worker' })

const systemSchema = schemaOf<SystemOverview & { speed: number | null }>()(
  z
    .strictObject({
      at: timeSchema,
      workers: z.array(workerSchema).describe('heard of in the last half minute'),
      silent_workers: z.array(workerSchema).describe('heard of in the last hour, but not lately'),
      speed: z.number().nullable().describe('seconds of film made each second, of all videos in hand'),
      courier: z.strictObject({
        waiting: countSchema,
        oldest_waiting_at: timeSchema.nullable(),
        fetching: z.array(
          z.strictObject({ video_id: idSchema, title: z.string().nullable(), started_at: timeSchema }),
        ),
      }),
      queue: z.array(
        z.strictObject({
          priority: z.enum(priorities),
          videos_queued: countSchema,
          tasks_waiting: countSchema,
          tasks_running: countSchema,
          oldest_queued_at: timeSchema.nullable(),
        }),
      ),
      failures: z
        .array(
          z.strictObject({
            code: z.string(),
            about: z.string().nullable(),
            videos: countSchema,
            latest_at: timeSchema,
          }),
        )
        .describe('of the last day, the most frequent first'),
      throughput: z
        .array(
          z.strictObject({
            from: timeSchema,
            completed: countSchema,
            failed: countSchema,
            source_s: secondsSchema,
          }),
        )
        .describe('of the last hour, twelve times five minutes'),
    })
    .meta({ id: 'System' }),
)

const checkSchema = z.strictObject({ status: z.enum(['ok', 'warning', 'failed']), message: z.string() })
const readinessSchema = z
  .strictObject({
    status: z.enum(['ready', 'not_ready']),
    checks: z.strictObject({
      database: checkSchema,
      redis: checkSchema,
      storage: checkSchema,
      workers: checkSchema,
      ffmpeg: checkSchema.describe("of the workers': whether its version has a known hole"),
      sandbox: checkSchema.describe("of the API's own ffprobe"),
    }),
  })
  .meta({ id: 'Readiness' })

export const systemOperations: Operation[] = [
  {
    id: 'getSystem',
    method: 'get',
    path: '/system',
    tag: 'System',
    summary: 'See who works on what, what waits, and how it went lately',
    scope: 'admin',
    asks: ['database'],
    answers: { 200: { about: 'Workers, queue, failures, throughput', json: systemSchema } },
  },
]

export const healthOperations: Operation[] = [
  {
    id: 'isAlive',
    method: 'get',
    path: '/healthz',
    tag: 'System',
    summary: 'Ask whether the process lives',
    scope: null,
    asks: [],
    answers: {
      200: {
        about: 'It does',
        json: z.strictObject({ status: z.literal('ok') }),
        example: { status: 'ok' },
      },
    },
  },
  {
    id: 'isReady',
    method: 'get',
    path: '/readyz',
    tag: 'System',
    summary: 'Ask whether what the process needs is there',
    about: 'Warnings leave it ready: jobs wait in the database.',
    scope: null,
    asks: [],
    answers: {
      200: { about: 'All of it', json: readinessSchema },
      503: { about: 'Not all of it; a sentence for each says what', json: readinessSchema },
    },
  },
]
