import { Hono } from 'hono'
import { z } from 'zod'
import { cancelVideo } from '../jobs/cancel.ts'
import { readEvents, readTimeline } from '../jobs/read-timeline.ts'
import { findDetails, findVideos, listVideos, type Place, readVideo } from '../jobs/read-videos.ts'
import { isSourceFault, redriveVideo } from '../jobs/redrive.ts'
import { removeVideo } from '../jobs/remove.ts'
import { isTerminal } from '../jobs/state.ts'
import { publishRemoval } from '../progress/removal.ts'
import type { ApiContext } from './context.ts'
import { createCursor, momentSchema } from './cursor.ts'
import { Conflict } from './problem.ts'
import { readNoBody } from './request-body.ts'
import { readQuery } from './request-query.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'
import { type ListQuery, listQuerySchema } from './video-query.ts'
import { listedVideo, videoView } from './video-view.ts'

/** Videos a page. */
const defaultLimit = 20
const place = createCursor(z.tuple([momentSchema, z.uuid()]))
/** The query of `GET /videos/{id}/events`. */
export const eventsQuerySchema = z.strictObject({
  runs: z
    .enum(['true', 'false'], 'must be true or false')
    .default('true')
    .describe('`false`: without the runs of tasks'),
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

  async function named(ids: string[], query: ListQuery) {
    const wanted = { ids, ...filterOf(query) }
    if (query.full) return (await findDetails(sql, wanted)).map(videoView)
    return (await findVideos(sql, wanted)).map(listedVideo)
  }

  return new Hono()
    .get('/videos', async (c) => {
      const query = readQuery(c, listQuerySchema)
      if (query.ids) return c.json({ videos: await named(query.ids, query), next_cursor: null })
      const after = query.cursor === undefined ? null : placeOf(query.cursor)
      const page = await listVideos(sql, { ...filterOf(query), after, limit: query.limit ?? defaultLimit })
      const cursor = page.next && place.encode([page.next.createdAt, page.next.id])
      if (cursor) c.header('Link', `<${nextPage(c.req.query(), cursor)}>; rel="next"`)
      return c.json({ videos: page.videos.map(listedVideo), next_cursor: cursor })
    })
    .get('/videos/:id', async (c) => c.json(await shown(videoIdOf(c))))
    .get('/videos/:id/events', async (c) => {
      const id = videoIdOf(c)
      const { runs } = readQuery(c, eventsQuerySchema)
      const events = await (runs === 'true' ? readTimeline : readEvents)(sql, id)
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

const filterOf = ({ status, q }: ListQuery) => ({ status: status ?? null, search: q ?? null })

function placeOf(cursor: string): Place {
  const [createdAt, id] = place.decode(cursor)
  return { createdAt, id }
}

/** The same query from there on. */
function nextPage(query: Record<string, string>, cursor: string): string {
  return `/videos?${new URLSearchParams({ ...query, cursor })}`
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
