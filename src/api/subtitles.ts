import type { Database } from '../db.ts'
import { type PlayableSubtitle, readDoneSubtitles, readFinishedSubtitles } from '../jobs/read-subtitles.ts'
import { subtitlePlaylist } from '../media/manifests/manifests.ts'
import { fps } from '../media/plan/frame-rate.ts'
import { noSuchTrack, notPlayableYet, type Playable } from './playable.ts'

/** The tracks of text that can be played; most videos have none, which costs no statement. */
export async function readSubtitles(sql: Database, video: Playable): Promise<PlayableSubtitle[]> {
  if (video.plan.subtitles.length === 0) return []
  return (video.completed ? readFinishedSubtitles : readDoneSubtitles)(sql, video.id)
}

export function isSubtitle(name: string): boolean {
  return name.startsWith('subtitle-')
}

/**
 * The playlist of a track of text, whole from the first request on. Throws `track_not_found`, and
 * `not_playable_yet` for one that is still to be made.
 */
export async function renderSubtitle(
  sql: Database,
  video: Playable,
  options: { name: string; addressOf: (key: string) => Promise<string> },
): Promise<string> {
  const { name, addressOf } = options
  const track = (await readSubtitles(sql, video)).find((made) => made.name === name)
  if (!track) {
    const isPlanned = video.plan.subtitles.some(({ position }) => `subtitle-${position}` === name)
    throw isPlanned && !video.completed ? notPlayableYet() : noSuchTrack(name)
  }
  const durationS = Math.max(track.durationMs / 1000, video.completed ? 0 : expectedS(video))
  return subtitlePlaylist(await addressOf(track.key), durationS)
}

/** The length of the film as far as it is known beforehand. */
function expectedS({ plan: { video, audio } }: Playable): number {
  if (video === null) return Math.max(0, ...audio.map(({ duration_s }) => duration_s ?? 0))
  return (video.expected_frames ?? 0) / fps(video.frame_rate)
}
