import { Hono } from 'hono'
import { z } from 'zod'
import { type Run, readRuns } from '../jobs/read-runs.ts'
import { scrub } from '../media/ffmpeg/scrub.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { createCursor, momentSchema } from './cursor.ts'
import { readQuery } from './request-query.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'
import { cursorSchema, limitSchema } from './video-query.ts'

const defaultLimit = 50
const outcomes = ['running', 'done', 'released', 'retried', 'failed', 'lost', 'cancelled'] as const

/** Its query. */
export const runsQuerySchema = z.strictObject({
  outcome: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(outcomes, `must be some of ${outcomes.join(', ')}`)))
    .optional()
    .describe(`some of ${outcomes.join(', ')}, separated by commas`),
  limit: limitSchema.optional(),
  cursor: cursorSchema.optional(),
})

const place = createCursor(z.tuple([momentSchema, z.int(), z.int()]))

/** `GET /videos/{id}/runs`: each run of each task, with what ffmpeg said last. */
export function runRoutes({ sql }: Pick<ApiContext, 'sql'>): Hono {
  return new Hono().get('/videos/:id/runs', async (c) => {
    const id = videoIdOf(c)
    const { outcome, limit = defaultLimit, cursor } = readQuery(c, runsQuerySchema)
    const after = cursor === undefined ? null : placeOf(cursor)
    const page = await readRuns(sql, { id, owner: ownerOf(c) }, { outcomes: outcome ?? null, after, limit })
    if (!page) throw videoNotFound(id)
    const next = page.next && place.encode([page.next.startedAt, page.next.taskId, page.next.fence])
    return c.json({ runs: page.runs.map(shown), next_cursor: next })
  })
}

function placeOf(cursor: string) {
  const [startedAt, taskId, fence] = place.decode(cursor)
  return { startedAt, taskId, fence }
}

/** Rows may be older than the rule by which a worker leaves addresses out. */
function shown(run: Run): Run {
  if (!run.error) return run
  const { message, stderr } = run.error
  return {
    ...run,
    error: {
      ...run.error,
      ...(message !== undefined && { message: scrub(message) }),
      ...(stderr !== undefined && { stderr: scrub(stderr) }),
    },
  }
}
