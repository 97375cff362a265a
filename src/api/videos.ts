import { Hono } from 'hono'
import { z } from 'zod'
import { cancelVideo } from '../jobs/cancel.ts'
import { readTimeline } from '../jobs/read-timeline.ts'
import { listVideos, readVideo } from '../jobs/read-videos.ts'
import { isSourceFault, redriveVideo } from '../jobs/redrive.ts'
import { removeVideo } from '../jobs/remove.ts'
import { isTerminal, videoStatuses } from '../jobs/state.ts'
import { publishRemoval } from '../progress/removal.ts'
import type { ApiContext } from './context.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { Conflict } from './problem.ts'
import { parseFields, readNoBody } from './request-body.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'
import { listedVideo, videoView } from './video-view.ts'

const listQuerySchema = z.strictObject({
  status: z.enum(videoStatuses, `must be one of ${videoStatuses.join(', ')}`).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a number from 1 to 100')
    .default('20')
    .transform(Number)
    .pipe(z.int().min(1, 'must be 1 at least').max(100, 'must be 100 at most')),
  cursor: z.string().max(200).optional(),
})
const noFields = z.strictObject({})

/** `/videos`: listing, one video, its timeline, and what people may do to it. */
export function videoRoutes(context: ApiContext): Hono {
  const { sql, progress } = context

  async function shown(id: string) {
    const video = await readVideo(sql, id)
    if (!video) throw videoNotFound(id)
    return videoView(video)
  }

  return new Hono()
    .get('/videos', async (c) => {
      const query = parseFields(c.req.query(), listQuerySchema)
      const status = query.status ?? null
      const after = query.cursor === undefined ? null : decodeCursor(query.cursor)
      const page = await listVideos(sql, { status, after, limit: query.limit })
      const cursor = page.next && encodeCursor(page.next)
      if (cursor) c.header('Link', `<${nextPage({ status, limit: query.limit, cursor })}>; rel="next"`)
      return c.json({ videos: page.videos.map(listedVideo), next_cursor: cursor })
    })
    .get('/videos/:id', async (c) => c.json(await shown(videoIdOf(c))))
    .get('/videos/:id/events', async (c) => {
      const id = videoIdOf(c)
      const events = await readTimeline(sql, id)
      if (!events) throw videoNotFound(id)
      return c.json({ events })
    })
    .post('/videos/:id/cancel', async (c) => {
      const id = videoIdOf(c)
      await readNoBody(c, noFields)
      const found = await cancelVideo(sql, id)
      if (found === null) throw videoNotFound(id)
      if (isTerminal(found)) throw new Conflict('not_cancellable', `the video is ${found} already`)
      context.reach('cancelled')
      await progress.ended(id, { status: 'cancelled' })
      return c.json(await shown(id))
    })
    .post('/videos/:id/retry', async (c) => {
      const id = videoIdOf(c)
      await readNoBody(c, noFields)
      await retry(context, id)
      return c.json(await shown(id))
    })
    .delete('/videos/:id', async (c) => {
      const id = videoIdOf(c)
      if (!(await removeVideo(sql, id))) throw videoNotFound(id)
      await progress.removed(id)
      await publishRemoval(context.redis, context.names, id)
      return c.body(null, 204)
    })
}

function nextPage(query: { status: string | null; limit: number; cursor: string }): string {
  const fields = new URLSearchParams(query.status ? { status: query.status } : {})
  fields.set('limit', String(query.limit))
  fields.set('cursor', query.cursor)
  return `/videos?${fields}`
}

async function retry(context: ApiContext, id: string): Promise<void> {
  const { sql, storage, config } = context
  const result = await redriveVideo({ sql, storage, maxSourceBytes: config.MAX_SOURCE_BYTES }, id).catch(
    (error: unknown) => {
      throw isSourceFault(error) ? new Conflict(error.code, error.message, { cause: error }) : error
    },
  )
  if (result === 'not_found') throw videoNotFound(id)
  if (result === 'not_retryable') {
    throw new Conflict('not_retryable', 'only a failed or cancelled video can be tried again')
  }
  context.reach('redriven')
  await context.progress.restarted(id)
  context.wake('stepladder_dispatch')
  context.wake('stepladder_fetch')
}
