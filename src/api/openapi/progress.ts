import { progressSnapshotSchema } from '../../progress/snapshot.ts'
import { progressQuerySchema } from '../progress-filter.ts'
import type { Operation } from './operation.ts'

/** What stands behind `data:` of an event. */
export const snapshotSchema = progressSnapshotSchema.meta({ id: 'Progress' })

const events = 'whole snapshots, each an event whose `data` is `Progress`; `deleted` for one that is gone'

export const progressOperations: Operation[] = [
  {
    id: 'followAll',
    method: 'get',
    path: '/progress',
    tag: 'Progress',
    summary: 'Follow many videos',
    about: 'All of them, or those that the query names. It never ends.',
    scope: 'read',
    asks: ['database'],
    query: progressQuerySchema,
    answers: { 200: { about: `Server-sent events: ${events}`, type: 'text/event-stream' } },
    problems: ['shutting_down', 'too_many_event_streams'],
  },
  {
    id: 'followVideo',
    method: 'get',
    path: '/progress/{id}',
    tag: 'Progress',
    summary: 'Follow one video',
    link: true,
    about:
      'The stream ends with `completed`, `failed`, `cancelled` or `deleted`, the name of its last event.',
    scope: 'read',
    asks: ['database'],
    answers: { 200: { about: `Server-sent events: ${events}`, type: 'text/event-stream' } },
    problems: ['video_not_found', 'shutting_down', 'too_many_event_streams'],
  },
]
