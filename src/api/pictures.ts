import { type Context, Hono } from 'hono'
import { StepladderError } from '../errors.ts'
import { readPictures } from '../jobs/read-pictures.ts'
import { storyboardVtt } from '../media/manifests/storyboard.ts'
import { allowAllOrigins } from './all-origins.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { handedOn } from './link-token.ts'
import { createObjectAddresses } from './object-addresses.ts'
import { videoIdOf, videoNotFound } from './video-id.ts'

/**
 * Poster and storyboard of a completed video. The cues of the WebVTT name sheets by addresses relative to
 * its own and without a query, which media-chrome would drop, so that the token of a link stands in the
 * name; those lead on to the store or the CDN.
 */
export function pictureRoutes({
  sql,
  storage,
  config,
}: Pick<ApiContext, 'sql' | 'storage' | 'config'>): Hono {
  const addressOf = createObjectAddresses({ storage, config })

  async function picturesOf(c: Context) {
    const id = videoIdOf(c)
    const pictures = await readPictures(sql, id, ownerOf(c))
    if (!pictures) throw videoNotFound(id)
    return pictures
  }

  async function leadTo(c: Context, key: string | null | undefined): Promise<Response> {
    if (!key) throw noSuchPicture()
    // An address of the store holds for three hours at least.
    c.header('Cache-Control', 'private, max-age=3600')
    return c.redirect(await addressOf(key), 302)
  }

  return new Hono()
    .use('/videos/:id/poster.jpg', allowAllOrigins)
    .use('/videos/:id/storyboard.vtt', allowAllOrigins)
    .use('/videos/:id/sprites/*', allowAllOrigins)
    .get('/videos/:id/poster.jpg', async (c) => leadTo(c, (await picturesOf(c)).posterKey))
    .get('/videos/:id/storyboard.vtt', async (c) => {
      const { storyboard } = await picturesOf(c)
      if (!storyboard) throw noSuchPicture()
      const token = handedOn(c)
      const ending = token === null ? '' : `~${token}`
      const text = storyboardVtt(storyboard, (sheet) => `sprites/${sheet}${ending}.jpg`)
      return c.body(text, 200, { 'Content-Type': 'text/vtt; charset=utf-8' })
    })
    .get('/videos/:id/sprites/:file', async (c) => {
      const [, number] = /^(\d{1,4})(?:~[\w.-]+)?\.jpg$/.exec(c.req.param('file')) ?? []
      const { storyboard } = await picturesOf(c)
      return leadTo(c, number === undefined ? null : storyboard?.sheet_keys[Number(number)])
    })
}

const noSuchPicture = () =>
  new StepladderError('picture_not_found', 'the video has no such picture, or not yet')
