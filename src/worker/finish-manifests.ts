import { posix } from 'node:path'
import type { FinishedTrack } from '../jobs/complete-finish.ts'
import { contentKey } from '../jobs/object-keys.ts'
import type { AssembledSubtitle, AssembledTrack } from '../media/assemble.ts'
import {
  bandwidthOf,
  type ListedTrack,
  masterPlaylist,
  subtitlePlaylist,
  trackPlaylist,
} from '../media/manifests.ts'
import type { Plan } from '../media/model.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { sha256Of } from './store-segment.ts'

const playlistType = 'application/vnd.apple.mpegurl'

/** What was written, as the finish commits it. */
export type Manifests = {
  renditions: FinishedTrack[]
  tracks: FinishedTrack[]
  outputs: { hls_master_key: string }
}

/**
 * Writes the playlists of a finished video beside its segments, under keys of this run; their addresses
 * are relative, so that the folder plays from any web server.
 */
export async function writeManifests(
  context: WorkerContext,
  run: TaskRun,
  made: { plan: Plan; video: AssembledTrack[]; audio: AssembledTrack[]; subtitles: AssembledSubtitle[] },
): Promise<Manifests> {
  const { plan } = made
  const write = (track: AssembledTrack) => writeTrackPlaylist(context, run, plan, track)
  const video = await Promise.all(made.video.map(write))
  const audio = await Promise.all(made.audio.map(write))
  const durationS = Math.max(...[...video, ...audio].map(({ track }) => track.durationS))
  const subtitles = await Promise.all(
    made.subtitles.map((track) => writeSubtitlePlaylist(context, run, track, durationS)),
  )
  const listing = {
    video,
    audio,
    subtitles: subtitles.map(({ name, playlistKey }) => ({ name, uri: posix.basename(playlistKey) })),
  }
  const master = await writePlaylist(context, run, 'master', masterPlaylist(plan, listing))
  return {
    renditions: video.map(finishedTrack),
    tracks: [...audio.map(finishedTrack), ...subtitles],
    outputs: { hls_master_key: master },
  }
}

type Written = ListedTrack & { track: AssembledTrack; playlistKey: string }

async function writeTrackPlaylist(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
  track: AssembledTrack,
): Promise<Written> {
  const folder = posix.dirname(contentKey(run.task, track.name, '', 'm3u8'))
  const playlistKey = await writePlaylist(context, run, track.name, trackPlaylist(track, plan, folder))
  return {
    track,
    playlistKey,
    uri: posix.basename(playlistKey),
    bandwidth: bandwidthOf(track, plan.target_duration_s),
  }
}

/** A text lasts as long as the film, whenever its last cue ends. */
async function writeSubtitlePlaylist(
  context: WorkerContext,
  run: TaskRun,
  { name, segment }: AssembledSubtitle,
  durationS: number,
): Promise<FinishedTrack> {
  const folder = posix.dirname(contentKey(run.task, name, '', 'm3u8'))
  const text = subtitlePlaylist(posix.relative(folder, segment.key), durationS)
  const { key, bytes, sha256 } = segment
  const bps = Math.ceil((bytes * 8) / durationS)
  return {
    name,
    codec: 'webvtt',
    averageBps: bps,
    peakBps: bps,
    bytes,
    frames: 0,
    durationS,
    init: null,
    segments: [{ key, bytes, sha256, duration: Math.round(1000 * durationS) }],
    playlistKey: await writePlaylist(context, run, name, text),
  }
}

async function writePlaylist(
  context: WorkerContext,
  run: TaskRun,
  name: string,
  text: string,
): Promise<string> {
  const bytes = Buffer.from(text)
  const key = contentKey(run.task, name, sha256Of(bytes), 'm3u8')
  await context.storage.put(key, bytes, { contentType: playlistType, signal: run.signal })
  return key
}

function finishedTrack({ track, bandwidth, playlistKey }: Written): FinishedTrack {
  return {
    name: track.name,
    codec: track.init.codec,
    ...bandwidth,
    bytes: track.init.bytes + track.segments.reduce((sum, segment) => sum + segment.bytes, 0),
    frames: track.frames,
    durationS: track.durationS,
    init: track.init,
    segments: track.segments.map(({ key, bytes, sha256, duration }) => ({ key, bytes, sha256, duration })),
    playlistKey,
  }
}
