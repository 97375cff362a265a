import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { cancelVideo } from '../jobs/cancel.ts'
import { readEvents, readTimeline } from '../jobs/read-timeline.ts'
import { findDetails, findVideos, listVideos, type Place, readVideo } from '../jobs/read-videos.ts'
import { isSourceFault, redriveVideo } from '../jobs/redrive.ts'
import { removeVideo } from '../jobs/remove.ts'
import { isTerminal } from '../jobs/state.ts'
import { publishRemoval } from '../progress/removal.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { createCursor, momentSchema } from './cursor.ts'
import { handedOn, tokenFor } from './link-token.ts'
import { Conflict } from './problem.ts'
import { readNoBody } from './request-body.ts'
import { readQuery } from './request-query.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'
import { type ListQuery, listQuerySchema } from './video-query.ts'
import { listedVideo, videoView, viewForLink } from './video-view.ts'

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
  const { sql, progress, tokens } = context

  async function shown(c: Context, id: string) {
    const video = await readVideo(sql, id, ownerOf(c))
    if (!video) throw videoNotFound(id)
    const view = videoView(video, await tokenFor(c, tokens, id))
    return handedOn(c) === null ? view : viewForLink(view)
  }

  async function listed<Row extends { id: string }, View>(
    c: Context,
    rows: readonly Row[],
    view: (row: Row, token: string | null) => View,
  ): Promise<View[]> {
    return Promise.all(rows.map(async (row) => view(row, await tokenFor(c, tokens, row.id))))
  }

  async function named(c: Context, ids: string[], query: ListQuery) {
    const wanted = { ids, ...filterOf(c, query) }
    if (query.full) return listed(c, await findDetails(sql, wanted), videoView)
    return listed(c, await findVideos(sql, wanted), listedVideo)
  }

  return new Hono()
    .get('/videos', async (c) => {
      const query = readQuery(c, listQuerySchema)
      if (query.ids) return c.json({ videos: await named(c, query.ids, query), next_cursor: null })
      const after = query.cursor === undefined ? null : placeOf(query.cursor)
      const page = await listVideos(sql, { ...filterOf(c, query), after, limit: query.limit ?? defaultLimit })
      const cursor = page.next && place.encode([page.next.createdAt, page.next.id])
      if (cursor) c.header('Link', `<${nextPage(c.req.query(), cursor)}>; rel="next"`)
      return c.json({ videos: await listed(c, page.videos, listedVideo), next_cursor: cursor })
    })
    .get('/videos/:id', async (c) => c.json(await shown(c, videoIdOf(c))))
    .get('/videos/:id/events', async (c) => {
      const id = videoIdOf(c)
      const { runs } = readQuery(c, eventsQuerySchema)
      const events = await (runs === 'true' ? readTimeline : readEvents)(sql, id, ownerOf(c))
      if (!events) throw videoNotFound(id)
      return c.json({ events })
    })
    .post('/videos/:id/cancel', async (c) => {
      const id = videoIdOf(c)
      await readNoBody(c, noFields)
      const found = await cancelVideo(sql, id, ownerOf(c))
      if (found === null) throw videoNotFound(id)
      if (isTerminal(found)) throw new Conflict('not_cancellable', `the video is ${found} already`)
      context.reach('cancelled')
      await progress.ended(id, { status: 'cancelled' })
      return c.json(await shown(c, id))
    })
    .post('/videos/:id/retry', async (c) => {
      const id = videoIdOf(c)
      await readNoBody(c, noFields)
      const owner = ownerOf(c)
      // Queues it again.
      await context.rooms.queue.check(owner)
      await retry(context, id, owner)
      return c.json(await shown(c, id))
    })
    .delete('/videos/:id', async (c) => {
      const id = videoIdOf(c)
      const owner = ownerOf(c)
      if (!(await removeVideo(sql, id, owner))) throw videoNotFound(id)
      await progress.removed(id)
      await publishRemoval(context.redis, context.names, { id, owner })
      return c.body(null, 204)
    })
}

const filterOf = (c: Context, { status, q }: ListQuery) => ({
  owner: ownerOf(c),
  status: status ?? null,
  search: q ?? null,
})

function placeOf(cursor: string): Place {
  const [createdAt, id] = place.decode(cursor)
  return { createdAt, id }
}

/** The same query from there on. */
function nextPage(query: Record<string, string>, cursor: string): string {
  return `/videos?${new URLSearchParams({ ...query, cursor })}`
}

async function retry(context: ApiContext, id: string, owner: string): Promise<void> {
  const { sql, storage, config } = context
  const result = await redriveVideo(
    { sql, storage, maxSourceBytes: config.MAX_SOURCE_BYTES },
    id,
    owner,
  ).catch((error: unknown) => {
    throw isSourceFault(error) ? new Conflict(error.code, error.message, { cause: error }) : error
  })
  if (result === 'not_found') throw videoNotFound(id)
  if (result === 'not_retryable') {
    throw new Conflict('not_retryable', 'only a failed or cancelled video can be tried again')
  }
  context.reach('redriven')
  await context.progress.restarted(id)
  context.wake('stepladder_dispatch')
  context.wake('stepladder_fetch')
}
