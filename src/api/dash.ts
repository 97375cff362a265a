import type { Database } from '../db.ts'
import { readWholeTracks } from '../jobs/read-playback.ts'
import { dashManifest } from '../media/manifests/dash.ts'
import { notPlayableYet, type Playable } from './playable.ts'
import { readSubtitles } from './subtitles.ts'

/**
 * The DASH manifest of a completed video. One that grows would have to be asked for again and again, whole
 * each time, so there is none before: throws `not_playable_yet`.
 */
export async function renderDash(
  sql: Database,
  video: Playable,
  addressOf: (key: string) => Promise<string>,
): Promise<string> {
  if (!video.completed) throw notPlayableYet()
  const [tracks, subtitles] = await Promise.all([readWholeTracks(sql, video.id), readSubtitles(sql, video)])
  const addressed = await Promise.all(
    tracks.map(async (track) => ({
      ...track,
      initUri: await addressOf(track.init.key),
      segments: await Promise.all(
        track.segments.map(async ({ key, duration }) => ({ uri: await addressOf(key), duration })),
      ),
    })),
  )
  return dashManifest(video.plan, {
    video: addressed.filter(({ kind }) => kind === 'video'),
    audio: addressed.filter(({ kind }) => kind === 'audio'),
    subtitles: await Promise.all(
      subtitles.map(async ({ name, key, averageBps }) => ({ name, uri: await addressOf(key), averageBps })),
    ),
  })
}
