import { type Context, Hono } from 'hono'
import { StepladderError } from '../errors.ts'
import { readMp4Key } from '../jobs/read-playback.ts'
import { allowAllOrigins } from './all-origins.ts'
import { ownerOf } from './caller.ts'
import type { ApiContext } from './context.ts'
import { renderDash } from './dash.ts'
import { isIFrames, renderIFrames } from './iframe-playlist.ts'
import { handedOn } from './link-token.ts'
import { renderMaster } from './master-playlist.ts'
import { createObjectAddresses } from './object-addresses.ts'
import { findPlayable, noSuchTrack, type Playable } from './playable.ts'
import { isSubtitle, renderSubtitle } from './subtitles.ts'
import { renderTrack } from './track-playlist.ts'
import { videoIdOf } from './video-id.ts'

/**
 * HLS, DASH and MP4. Playlists are made from rows at each request: while the video is processed they hold
 * what is there in order from the start, and grow; when it is completed they are whole. They point
 * straight to the store or the CDN; no media goes through this process.
 */
export function playbackRoutes({
  sql,
  storage,
  config,
}: Pick<ApiContext, 'sql' | 'storage' | 'config'>): Hono {
  const addressOf = createObjectAddresses({ storage, config })
  const playable = (c: Context) => findPlayable(sql, videoIdOf(c), ownerOf(c))

  return new Hono()
    .use('/videos/:id/hls/*', allowAllOrigins)
    .use('/videos/:id/dash/*', allowAllOrigins)
    .use('/videos/:id/mp4/*', allowAllOrigins)
    .get('/videos/:id/hls/master.m3u8', async (c) => {
      const video = await playable(c)
      return playlist(c, await renderMaster(sql, video, handedOn(c)))
    })
    .get('/videos/:id/hls/:file', async (c) => {
      videoIdOf(c)
      const name = trackNameOf(c.req.param('file'))
      const video = await playable(c)
      refuseOlderGeneration(c, video)
      return playlist(c, await rendererOf(name)(sql, video, { name, addressOf }))
    })
    .get('/videos/:id/dash/manifest.mpd', async (c) => {
      const video = await playable(c)
      return manifest(c, await renderDash(sql, video, addressOf), 'application/dash+xml')
    })
    .get('/videos/:id/mp4/:rung', async (c) => {
      const rung = c.req.param('rung')
      const video = { id: videoIdOf(c), owner: ownerOf(c) }
      const key = isRungName(rung) ? await readMp4Key(sql, video, rung) : null
      if (key === null) throw new StepladderError('mp4_not_found', `there is no MP4 of ${rung}, or not yet`)
      return c.redirect(await addressOf(key), 302)
    })
}

function rendererOf(name: string) {
  if (isIFrames(name)) return renderIFrames
  return isSubtitle(name) ? renderSubtitle : renderTrack
}

function playlist(c: Context, text: string): Response {
  return manifest(c, text, 'application/vnd.apple.mpegurl')
}

function manifest(c: Context, text: string, type: string): Response {
  return c.body(text, 200, { 'Content-Type': type })
}

/** A player with an earlier generation's address must not go on with another one's segments. */
function refuseOlderGeneration(c: Context, { generation }: Playable): void {
  const asked = c.req.query('g')
  if (asked === undefined || asked === String(generation)) return
  throw new StepladderError('track_not_found', 'the video was planned anew; load its master playlist again')
}

/** Anything else is no name, and may be no text that PostgreSQL takes. */
function isRungName(name: string): boolean {
  return /^\d{1,5}p$/.test(name)
}

function trackNameOf(file: string): string {
  const name = /^([a-z0-9-]+)\.m3u8$/.exec(file)?.[1]
  if (name === undefined) throw noSuchTrack(file)
  return name
}
