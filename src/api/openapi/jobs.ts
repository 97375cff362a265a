import { z } from 'zod'
import { jobQuerySchema, jobRequestSchema } from '../job-request.ts'
import { probeRequestSchema } from '../probe.ts'
import { type Operation, replayedHeader } from './operation.ts'
import { documentedPlanSchema, mediaSchema, videoExample, videoSchema } from './video-schema.ts'

const source = { key: 'source/0198c4e2-5b0f-7c11-8a20-6c0d2e4f8a01' }
const dryPlanSchema = documentedPlanSchema.omit({ build: true })

export const jobOperations: Operation[] = [
  {
    id: 'createJob',
    method: 'post',
    path: '/jobs',
    tag: 'Jobs',
    summary: 'Make a job of an uploaded object or a URL',
    about:
      'The job is in the database when this answers, whatever else is down. With a key, the size and ETag of the object are pinned. With `dry_run=true` nothing is made: the answer is what would be made, and why.',
    scope: 'submit',
    asks: ['database', 'storage'],
    query: jobQuerySchema,
    body: {
      schema: jobRequestSchema.meta({ id: 'JobRequest' }),
      required: true,
      example: { source, title: 'Film', priority: 'normal', metadata: { course: 7 } },
    },
    answers: {
      200: {
        about: 'With `dry_run`: the plan',
        json: z.strictObject({ media: mediaSchema, plan: dryPlanSchema }),
      },
      201: {
        about: 'The video that will be made',
        json: videoSchema,
        example: videoExample,
        headers: { Location: 'the address of the video', ...replayedHeader },
      },
    },
    once: true,
    problems: ['source_incomplete', 'queue_full', 'no_job_webhook'],
    looks: true,
  },
  {
    id: 'probeSource',
    method: 'post',
    path: '/probe',
    tag: 'Jobs',
    summary: 'Look at an uploaded object',
    about: 'Two sources are looked at at a time; others wait for two seconds.',
    scope: 'submit',
    asks: ['storage'],
    body: { schema: probeRequestSchema.meta({ id: 'ProbeRequest' }), required: true, example: { source } },
    answers: { 200: { about: 'What ffprobe finds in it', json: z.strictObject({ media: mediaSchema }) } },
    looks: true,
  },
]
