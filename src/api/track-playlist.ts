import type { Database } from '../db.ts'
import {
  type KeyedInit,
  type PlayableSegment,
  readFinishedTrack,
  readFirstInits,
  readPrefix,
} from '../jobs/read-playback.ts'
import { renderMediaPlaylist } from '../media/manifests/playlists.ts'
import { noSuchTrack, notPlayableYet, type Playable } from './playable.ts'

type Track = { init: KeyedInit; segments: PlayableSegment[] }

/**
 * A track's segments: all of a completed one, and of one that is being made those that play in order
 * from the start, in a playlist that goes on growing. Throws `track_not_found`, `not_playable_yet`.
 */
export async function renderTrack(
  sql: Database,
  video: Playable,
  options: { name: string; addressOf: (key: string) => Promise<string> },
): Promise<string> {
  const { name, addressOf } = options
  const { init, segments } = await (video.completed ? findFinished : findGrowing)(sql, video, name)
  return renderMediaPlaylist({
    targetDuration: video.plan.target_duration_s,
    initUri: await addressOf(init.key),
    segments: await Promise.all(
      segments.map(async ({ key, duration }) => ({
        uri: await addressOf(key),
        duration_s: duration / init.timescale,
      })),
    ),
    // It does not end before `completed`, even when all segments are there: nobody has checked them yet.
    ...(video.completed ? { type: 'vod', ended: true } : { type: 'event', ended: false, startTag: true }),
  })
}

async function findFinished(sql: Database, { id }: Playable, name: string): Promise<Track> {
  const track = await readFinishedTrack(sql, id, name)
  if (!track) throw noSuchTrack(name)
  return track
}

async function findGrowing(sql: Database, video: Playable, name: string): Promise<Track> {
  const position = audioPosition(video, name)
  const kind = position === null ? 'video' : 'audio'
  const [{ inits }, segments] = await Promise.all([
    readFirstInits(sql, video.id),
    readPrefix(sql, { id: video.id, kind, position, track: name }),
  ])
  const init = inits.get(name)
  if (!init || segments.length === 0) throw notPlayableYet()
  return { init, segments }
}

/** Null for a rung, whose segments come from all video tasks in order. */
function audioPosition({ plan }: Playable, name: string): number | null {
  if (plan.video?.rungs.some((rung) => rung.name === name)) return null
  const track = plan.audio.find(({ position }) => `audio-${position}` === name)
  if (!track) throw noSuchTrack(name)
  return track.position
}
