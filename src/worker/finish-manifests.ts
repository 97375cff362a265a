import { posix } from 'node:path'
import type { FinishedRendition, FinishedTrack, Outputs } from '../jobs/complete-finish.ts'
import { contentKey } from '../jobs/object-keys.ts'
import { dashManifest } from '../media/manifests/dash.ts'
import { iframeBandwidth, iframesOf } from '../media/manifests/iframes.ts'
import {
  type Bandwidth,
  bandwidthOf,
  iframePlaylist,
  type ListedTrack,
  masterPlaylist,
  subtitlePlaylist,
  trackPlaylist,
} from '../media/manifests/manifests.ts'
import type { Plan } from '../media/model.ts'
import type { AssembledSubtitle, AssembledTrack } from '../media/segments/assemble.ts'
import { sha256Of } from '../media/sha256.ts'
import type { TaskRun, WorkerContext } from './context.ts'

const contentTypes = { m3u8: 'application/vnd.apple.mpegurl', mpd: 'application/dash+xml' } as const

/** What was written, as the finish commits it. */
export type Manifests = {
  renditions: FinishedRendition[]
  tracks: FinishedTrack[]
  outputs: Pick<Outputs, 'hls_master_key' | 'dash_manifest_key'>
}

/**
 * Writes the playlists and the DASH manifest of a finished video beside its segments, under keys of this
 * run; their addresses are relative, so that the folder plays from any web server.
 */
export async function writeManifests(
  context: WorkerContext,
  run: TaskRun,
  made: { plan: Plan; video: AssembledTrack[]; audio: AssembledTrack[]; subtitles: AssembledSubtitle[] },
): Promise<Manifests> {
  const { plan } = made
  const write = (track: AssembledTrack) => writeTrackPlaylist(context, run, plan, track)
  const video = await Promise.all(made.video.map((track) => writeRendition(context, run, plan, track)))
  const audio = await Promise.all(made.audio.map(write))
  const longest = Math.max(...[...video, ...audio].map(({ track }) => track.durationS))
  // In whole milliseconds, as its rows have it.
  const durationS = Math.round(1000 * longest) / 1000
  const subtitles = await Promise.all(
    made.subtitles.map((track) => writeSubtitlePlaylist(context, run, track, durationS)),
  )
  const listing = {
    video,
    audio,
    subtitles: subtitles.map(({ name, playlistKey }) => ({ name, uri: posix.basename(playlistKey) })),
  }
  const [master, mpd] = await Promise.all([
    writeText(context, run, 'master', { extension: 'm3u8', text: masterPlaylist(plan, listing) }),
    writeText(context, run, 'manifest', {
      extension: 'mpd',
      text: mpdOf(run, plan, { video, audio, subtitles }),
    }),
  ])
  return {
    renditions: video.map(finishedRendition),
    tracks: [...audio.map(finishedTrack), ...subtitles],
    outputs: { hls_master_key: master, dash_manifest_key: mpd },
  }
}

type Written = ListedTrack & { track: AssembledTrack; playlistKey: string }

async function writeTrackPlaylist(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
  track: AssembledTrack,
): Promise<Written> {
  const text = trackPlaylist(track, plan, folderOf(run))
  const playlistKey = await writeText(context, run, track.name, { extension: 'm3u8', text })
  return {
    track,
    playlistKey,
    uri: posix.basename(playlistKey),
    bandwidth: bandwidthOf(track, plan.target_duration_s),
  }
}

type WrittenRendition = Written & { iframes: { playlistKey: string; uri: string; bandwidth: Bandwidth } }

async function writeRendition(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
  track: AssembledTrack,
): Promise<WrittenRendition> {
  const text = await iframePlaylist(track, (key) => posix.relative(folderOf(run), key))
  const [written, playlistKey] = await Promise.all([
    writeTrackPlaylist(context, run, plan, track),
    writeText(context, run, `${track.name}-iframes`, { extension: 'm3u8', text }),
  ])
  const bandwidth = iframeBandwidth(iframesOf(track.segments, track.init.timescale))
  return { ...written, iframes: { playlistKey, uri: posix.basename(playlistKey), bandwidth } }
}

/** A text lasts as long as the film, whenever its last cue ends. */
async function writeSubtitlePlaylist(
  context: WorkerContext,
  run: TaskRun,
  { name, segment }: AssembledSubtitle,
  durationS: number,
): Promise<FinishedTrack> {
  const text = subtitlePlaylist(posix.relative(folderOf(run), segment.key), durationS)
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
    playlistKey: await writeText(context, run, name, { extension: 'm3u8', text }),
  }
}

function mpdOf(
  run: TaskRun,
  plan: Plan,
  written: { video: Written[]; audio: Written[]; subtitles: FinishedTrack[] },
): string {
  const folder = folderOf(run)
  const addressed = ({ track, bandwidth }: Written) => ({
    name: track.name,
    init: track.init,
    bandwidth,
    initUri: posix.relative(folder, track.init.key),
    segments: track.segments.map(({ key, duration }) => ({ uri: posix.relative(folder, key), duration })),
  })
  return dashManifest(plan, {
    video: written.video.map(addressed),
    audio: written.audio.map(addressed),
    subtitles: written.subtitles.map(({ name, averageBps, segments }) => ({
      name,
      averageBps,
      uri: posix.relative(folder, segments[0]?.key ?? ''),
    })),
  })
}

/** Where all manifests of a run lie. */
function folderOf(run: TaskRun): string {
  return posix.dirname(contentKey(run.task, 'any', '', 'm3u8'))
}

async function writeText(
  context: WorkerContext,
  run: TaskRun,
  name: string,
  { extension, text }: { extension: keyof typeof contentTypes; text: string },
): Promise<string> {
  const bytes = Buffer.from(text)
  const key = contentKey(run.task, name, sha256Of(bytes), extension)
  await context.storage.put(key, bytes, { contentType: contentTypes[extension], signal: run.signal })
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

/** Keeps the tables of fragments, of which the playlist of key pictures is made at each request. */
function finishedRendition(written: WrittenRendition): FinishedRendition {
  const { playlistKey, bandwidth } = written.iframes
  return {
    ...finishedTrack(written),
    segments: written.track.segments,
    iframes: { playlistKey, ...bandwidth },
  }
}
