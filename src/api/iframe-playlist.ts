import type { Database } from '../db.ts'
import { readFragments } from '../jobs/read-playback.ts'
import { iframePlaylist } from '../media/manifests/manifests.ts'
import { noSuchTrack, notPlayableYet, type Playable } from './playable.ts'

/** Of a rung's name, for the playlist of its key pictures. */
export const iframesSuffix = '-iframes'

export function isIFrames(name: string): boolean {
  return name.endsWith(iframesSuffix)
}

/**
 * The key pictures of a rung of a completed video, for a seek bar. Throws `track_not_found`, and
 * `not_playable_yet` while the video is made.
 */
export async function renderIFrames(
  sql: Database,
  video: Playable,
  { name, addressOf }: { name: string; addressOf: (key: string) => Promise<string> },
): Promise<string> {
  const rung = name.slice(0, -iframesSuffix.length)
  if (!video.plan.video?.rungs.some((planned) => planned.name === rung)) throw noSuchTrack(name)
  if (!video.completed) throw notPlayableYet()
  const track = await readFragments(sql, video.id, rung)
  if (!track) throw noSuchTrack(name)
  return iframePlaylist(track, addressOf)
}
