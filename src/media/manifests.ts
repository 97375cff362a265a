import { posix } from 'node:path'
import type { AssembledTrack } from './assemble.ts'
import { measureBandwidth } from './bandwidth.ts'
import type { Plan } from './model.ts'
import { renderMasterPlaylist, renderMediaPlaylist } from './playlists.ts'

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

export type ListedTrack = { track: Pick<AssembledTrack, 'name' | 'init'>; bandwidth: Bandwidth; uri: string }

/** The master playlist of a finished video. An audio-only one has its tracks as variants. */
export function masterPlaylist(
  plan: Plan,
  video: readonly ListedTrack[],
  audio: readonly ListedTrack[],
): string {
  const sound = {
    peak: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.peakBps)),
    average: Math.max(0, ...audio.map(({ bandwidth }) => bandwidth.averageBps)),
    codecs: audio.map(({ track }) => track.init.codec),
  }
  if (!plan.video) {
    return renderMasterPlaylist({
      variants: audio.map(({ track, bandwidth, uri }) => ({
        uri,
        bandwidth: bandwidth.peakBps,
        averageBandwidth: bandwidth.averageBps,
        codecs: [track.init.codec],
        width: null,
        height: null,
        frameRate: null,
      })),
      audio: [],
    })
  }
  const { rungs, frame_rate } = plan.video
  return renderMasterPlaylist({
    variants: video.map(({ track, bandwidth, uri }) => {
      const rung = rungs.find(({ name }) => name === track.name)
      return {
        uri,
        bandwidth: bandwidth.peakBps + sound.peak,
        averageBandwidth: bandwidth.averageBps + sound.average,
        codecs: [track.init.codec, ...sound.codecs],
        width: rung?.width ?? null,
        height: rung?.height ?? null,
        frameRate: frame_rate,
      }
    }),
    audio: audio.map(({ track, uri }) => {
      const planned = plan.audio.find(({ position }) => `audio-${position}` === track.name)
      return {
        uri,
        name: planned?.title ?? planned?.language ?? 'Audio',
        language: planned?.language ?? null,
        default: planned?.default ?? false,
        channels: planned?.channels ?? 2,
      }
    }),
  })
}
