import { posix } from 'node:path'
import type { AudioPlan, Plan, VideoPlan } from '../model.ts'
import type { AssembledTrack } from '../segments/assemble.ts'
import { measureBandwidth } from './bandwidth.ts'
import { type FragmentedSegment, iframesOf, iframeTargetDuration } from './iframes.ts'
import {
  type AudioRendition,
  renderIFramePlaylist,
  renderMasterPlaylist,
  renderMediaPlaylist,
  type Variant,
} from './playlists.ts'

export type Bandwidth = { peakBps: number; averageBps: number }

export function bandwidthOf(track: AssembledTrack, targetDurationS: number): Bandwidth {
  const { timescale } = track.init
  const weighed = track.segments.map(({ bytes, duration }) => ({ bytes, duration_s: duration / timescale }))
  return measureBandwidth(weighed, targetDurationS)
}

/** A finished track's media playlist, its addresses relative to `folder`, where it will lie. */
export function trackPlaylist(track: AssembledTrack, plan: Plan, folder: string): string {
  return renderMediaPlaylist({
    targetDuration: plan.target_duration_s,
    initUri: posix.relative(folder, track.init.key),
    segments: track.segments.map(({ key, duration }) => ({
      uri: posix.relative(folder, key),
      duration_s: duration / track.init.timescale,
    })),
    type: 'vod',
    ended: true,
  })
}

export type ListedTrack = {
  track: Pick<AssembledTrack, 'name' | 'init'>
  bandwidth: Bandwidth
  uri: string
  /** The playlist of a finished rung's key pictures. */
  iframes?: { uri: string; bandwidth: Bandwidth } | null
}
export type ListedSubtitle = { name: string; uri: string }

/** The tracks that a manifest names, each with the address of its playlist. */
export type Listing = {
  video: readonly ListedTrack[]
  audio: readonly ListedTrack[]
  subtitles: readonly ListedSubtitle[]
}

/** The playlist of the key pictures of a finished rung, at addresses that `addressOf` gives. */
export async function iframePlaylist(
  track: { init: { key: string; timescale: number }; segments: readonly FragmentedSegment[] },
  addressOf: (key: string) => string | Promise<string>,
): Promise<string> {
  const frames = iframesOf(track.segments, track.init.timescale)
  return renderIFramePlaylist({
    targetDuration: iframeTargetDuration(frames),
    initUri: await addressOf(track.init.key),
    frames: await Promise.all(
      frames.map(async ({ key, ...frame }) => ({ ...frame, uri: await addressOf(key) })),
    ),
  })
}

/** The playlist of a track of text, a single file (RFC 8216 §3.5) as long as the film. */
export function subtitlePlaylist(uri: string, durationS: number): string {
  return renderMediaPlaylist({
    targetDuration: Math.max(1, Math.ceil(durationS)),
    initUri: null,
    segments: [{ uri, duration_s: durationS }],
    type: 'vod',
    ended: true,
  })
}

/** The master playlist. */
export function masterPlaylist(plan: Plan, listing: Listing): string {
  return renderMasterPlaylist({
    variants: plan.video ? pictureVariants(plan.video, listing) : soundVariants(plan, listing.audio),
    audio: plan.video || listing.audio.length > 1 ? audioRenditions(plan, listing.audio) : [],
    subtitles: listing.subtitles.flatMap(({ name, uri }) => {
      const planned = plan.subtitles.find(({ position }) => `subtitle-${position}` === name)
      return planned ? [{ uri, name: planned.title, ...planned }] : []
    }),
    iframes: plan.video ? iframeVariants(plan.video, listing.video) : [],
  })
}

/** Every rung with the rates of the audio group's highest track added, whichever of them is heard. */
function pictureVariants({ rungs, frame_rate }: VideoPlan, { video, audio }: Listing): Variant[] {
  const peak = Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.peakBps))
  const average = Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.averageBps))
  return video.map(({ track, bandwidth, uri }) => {
    const rung = rungs.find(({ name }) => name === track.name)
    return {
      uri,
      bandwidth: bandwidth.peakBps + peak,
      averageBandwidth: bandwidth.averageBps + average,
      codecs: [track.init.codec, ...audio.map((sound) => sound.track.init.codec)],
      width: rung?.width ?? null,
      height: rung?.height ?? null,
      frameRate: frame_rate,
    }
  })
}

function iframeVariants({ rungs }: VideoPlan, video: Listing['video']) {
  return video.flatMap(({ track, iframes }) => {
    const rung = rungs.find(({ name }) => name === track.name)
    if (!iframes || !rung) return []
    const { peakBps: bandwidth, averageBps: averageBandwidth } = iframes.bandwidth
    const { width, height } = rung
    return [{ uri: iframes.uri, bandwidth, averageBandwidth, codecs: [track.init.codec], width, height }]
  })
}

/**
 * Sound alone: variants differ in quality, so that tracks of different languages are renditions of a group.
 * The one variant is the track that is played first, under the same address as in the group.
 */
function soundVariants(plan: Plan, audio: readonly ListedTrack[]): Variant[] {
  const chosen = audio.find(({ track }) => plannedAudio(plan, track.name)?.default) ?? audio[0]
  if (!chosen) return []
  return [
    {
      uri: chosen.uri,
      bandwidth: Math.max(...audio.map(({ bandwidth }) => bandwidth.peakBps)),
      averageBandwidth: Math.max(...audio.map(({ bandwidth }) => bandwidth.averageBps)),
      codecs: audio.map(({ track }) => track.init.codec),
      width: null,
      height: null,
      frameRate: null,
    },
  ]
}

/** Sound always has a default: the first track stands in for one that could not be made. */
function audioRenditions(plan: Plan, audio: readonly ListedTrack[]): AudioRendition[] {
  const planned = audio.map(({ track }) => plannedAudio(plan, track.name))
  const defaultAt = Math.max(
    0,
    planned.findIndex((track) => track?.default),
  )
  return audio.map(({ uri }, at) => ({
    uri,
    name: planned[at]?.title ?? null,
    language: planned[at]?.language ?? null,
    default: at === defaultAt,
    channels: planned[at]?.channels ?? 2,
  }))
}

function plannedAudio(plan: Plan, name: string): AudioPlan | undefined {
  return plan.audio.find(({ position }) => `audio-${position}` === name)
}
