import { z } from 'zod'
import type { TimelineEntry } from '../../jobs/read-timeline.ts'
import { listQuerySchema } from '../video-query.ts'
import { eventsQuerySchema } from '../videos.ts'
import { type Operation, schemaOf, timeSchema } from './operation.ts'
import { listedVideoSchema, videoExample, videoSchema } from './video-schema.ts'

const { plan: _plan, findings: _findings, queue_position: _position, ...listedExample } = videoExample
const noBody = { schema: z.strictObject({}), required: false }

const eventSchema = schemaOf<TimelineEntry>()(
  z
    .strictObject({ at: timeSchema, kind: z.string(), data: z.record(z.string(), z.unknown()) })
    .meta({ id: 'TimelineEntry' }),
)

export const videoOperations: Operation[] = [
  {
    id: 'listVideos',
    method: 'get',
    path: '/videos',
    tag: 'Videos',
    summary: 'List and search videos, the latest first',
    scope: 'read',
    asks: ['database'],
    query: listQuerySchema,
    answers: {
      200: {
        about: 'A page of videos; with `ids` and `full` each has all its fields',
        json: z.strictObject({
          videos: z.array(z.union([videoSchema, listedVideoSchema])),
          next_cursor: z.string().nullable().describe('null at the end'),
        }),
        headers: { Link: '`rel="next"`: the address of the next page' },
        example: { videos: [listedExample], next_cursor: null },
      },
    },
  },
  {
    id: 'getVideo',
    method: 'get',
    path: '/videos/{id}',
    tag: 'Videos',
    summary: 'Get all about one video',
    scope: 'read',
    link: true,
    asks: ['database'],
    answers: { 200: { about: 'The video', json: videoSchema, example: videoExample } },
    problems: ['video_not_found'],
  },
  {
    id: 'getTimeline',
    method: 'get',
    path: '/videos/{id}/events',
    tag: 'Videos',
    summary: 'Get the timeline of a video',
    scope: 'read',
    asks: ['database'],
    query: eventsQuerySchema,
    answers: {
      200: {
        about: 'What happened to it, in order of time',
        json: z.strictObject({ events: z.array(eventSchema) }),
        example: { events: [{ at: '2026-05-04T10:00:00.000Z', kind: 'submitted', data: {} }] },
      },
    },
    problems: ['video_not_found'],
  },
  {
    id: 'cancelVideo',
    method: 'post',
    path: '/videos/{id}/cancel',
    tag: 'Videos',
    summary: 'Stop a video',
    about: 'It is cancelled at once; finished pieces are kept for a while.',
    scope: 'submit',
    asks: ['database'],
    body: noBody,
    answers: { 200: { about: 'The cancelled video', json: videoSchema } },
    problems: ['video_not_found'],
    conflicts: ['not_cancellable'],
  },
  {
    id: 'retryVideo',
    method: 'post',
    path: '/videos/{id}/retry',
    tag: 'Videos',
    summary: 'Go on with a failed or cancelled video',
    about: 'Finished pieces are used, unless the source is another object now.',
    scope: 'submit',
    asks: ['database', 'storage'],
    body: noBody,
    answers: { 200: { about: 'The video, queued or processing again', json: videoSchema } },
    problems: ['video_not_found', 'queue_full'],
    conflicts: ['not_retryable', 'source_not_found', 'empty_source', 'source_too_large'],
  },
  {
    id: 'deleteVideo',
    method: 'delete',
    path: '/videos/{id}',
    tag: 'Videos',
    summary: 'Remove a video and its objects',
    about:
      'Rows go at once, in any state; objects follow. The source goes too, unless another video names it.',
    scope: 'submit',
    asks: ['database'],
    answers: { 204: { about: 'Removed' } },
    problems: ['video_not_found'],
  },
]
