import { z } from 'zod'
import type { Run } from '../../jobs/read-runs.ts'
import { runsQuerySchema } from '../runs.ts'
import { countSchema, type Operation, schemaOf, timeSchema } from './operation.ts'
import { taskKindSchema } from './task-kind.ts'

const runSchema = schemaOf<Run>()(
  z
    .strictObject({
      task_id: countSchema,
      task: taskKindSchema,
      position: countSchema.describe('its place among the tasks of its kind'),
      fence: countSchema.describe('grows with every run of the task'),
      worker: z.string(),
      attempt: countSchema.nullable(),
      crashes: countSchema.nullable(),
      first_idx: countSchema.nullable().describe('the segment it began at'),
      started_at: timeSchema,
      ended_at: timeSchema.nullable(),
      outcome: z
        .enum(['done', 'released', 'retried', 'failed', 'lost', 'cancelled'])
        .nullable()
        .describe('null while it runs'),
      error: z
        .looseObject({
          code: z.string(),
          message: z.string().exactOptional(),
          stderr: z.string().exactOptional().describe('what ffmpeg said last'),
        })
        .nullable(),
    })
    .meta({ id: 'Run', description: 'one run of one task by one worker' }),
)

export const runOperations: Operation[] = [
  {
    id: 'listRuns',
    method: 'get',
    path: '/videos/{id}/runs',
    tag: 'Videos',
    summary: 'List the runs of the tasks of a video, the latest first',
    scope: 'read',
    asks: ['database'],
    query: runsQuerySchema,
    answers: {
      200: {
        about: 'A page of runs',
        json: z.strictObject({ runs: z.array(runSchema), next_cursor: z.string().nullable() }),
        example: {
          runs: [
            {
              task_id: 4711,
              task: 'video',
              position: 0,
              fence: 1,
              worker: 'worker-1',
              attempt: 0,
              crashes: 0,
              first_idx: 0,
              started_at: '2026-05-04T10:00:01.000000+00:00',
              ended_at: '2026-05-04T10:00:19.000000+00:00',
              outcome: 'done',
              error: null,
            },
          ],
          next_cursor: null,
        },
      },
    },
    problems: ['video_not_found'],
  },
]
