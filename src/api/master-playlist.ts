import type { Database } from '../db.ts'
import { type KeyedInit, readFinishedTracks, readFirstInits } from '../jobs/read-playback.ts'
import {
  type Bandwidth,
  type ListedSubtitle,
  type ListedTrack,
  masterPlaylist,
} from '../media/manifests/manifests.ts'
import { iframesSuffix } from './iframe-playlist.ts'
import { withToken } from './link-token.ts'
import { notPlayableYet, type Playable } from './playable.ts'
import { readSubtitles } from './subtitles.ts'

type Linked = Playable & { token: string | null }

/** Over what the encoder was told, for containers and overshoot; measured rates come with the end. */
const headroom = 1.1

/**
 * Names every track that was made or is being made; the playlists of those get the token of a link too.
 * Throws `not_playable_yet`.
 */
export function renderMaster(sql: Database, playable: Playable, token: string | null): Promise<string> {
  const video = { ...playable, token }
  return video.completed ? finishedMaster(sql, video) : growingMaster(sql, video)
}

/**
 * Every rung, once each track of picture and sound has something to play: a player never asks twice. Text
 * is named if it is there by then.
 */
async function growingMaster(sql: Database, video: Linked): Promise<string> {
  const { plan } = video
  const { inits, skipped } = await readFirstInits(sql, video.id)

  function growing(name: string, bps: number): ListedTrack {
    const init = inits.get(name)
    if (!init) throw notPlayableYet()
    const rate = Math.ceil(bps * headroom)
    return listed(video, { name, init, bandwidth: { peakBps: rate, averageBps: rate } })
  }

  return masterPlaylist(plan, {
    video: (plan.video?.rungs ?? []).map((rung) => growing(rung.name, rung.max_bitrate_bps)),
    audio: plan.audio
      .map((track) => ({ name: `audio-${track.position}`, bps: track.bitrate_bps }))
      .filter(({ name }) => !skipped.has(name))
      .map(({ name, bps }) => growing(name, bps)),
    subtitles: await listedSubtitles(sql, video),
  })
}

async function finishedMaster(sql: Database, video: Linked): Promise<string> {
  const tracks = await readFinishedTracks(sql, video.id)
  return masterPlaylist(video.plan, {
    video: tracks.filter(({ kind }) => kind === 'video').map((track) => listed(video, track)),
    audio: tracks.filter(({ kind }) => kind === 'audio').map((track) => listed(video, track)),
    subtitles: await listedSubtitles(sql, video),
  })
}

async function listedSubtitles(sql: Database, video: Linked): Promise<ListedSubtitle[]> {
  return (await readSubtitles(sql, video)).map(({ name }) => ({ name, uri: addressOf(video, name) }))
}

/** A master needs a track's name, codec and rates, not its segments. */
function listed(
  video: Linked,
  track: { name: string; init: KeyedInit; bandwidth: Bandwidth; iframes?: Bandwidth | null },
): ListedTrack {
  const { name, init, bandwidth, iframes } = track
  const scrubbing = iframes && { uri: addressOf(video, `${name}${iframesSuffix}`), bandwidth: iframes }
  return { track: { name, init }, bandwidth, uri: addressOf(video, name), iframes: scrubbing ?? null }
}

/** Another generation has other segments, and so another address. */
function addressOf({ generation, token }: Linked, name: string): string {
  return withToken(`${name}.m3u8?g=${generation}`, token)
}
