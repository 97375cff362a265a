import type { Plan } from '../model.ts'
import type { StoredInit } from '../stored.ts'
import type { Bandwidth } from './manifests.ts'
import { renderMpd } from './mpd.ts'

/** A track of a finished video with its addresses. */
export type AddressedTrack = {
  name: string
  init: Pick<StoredInit, 'codec' | 'timescale'>
  bandwidth: Bandwidth
  initUri: string
  segments: readonly { uri: string; duration: number }[]
}
export type AddressedSubtitle = { name: string; uri: string; averageBps: number }

/** The DASH manifest of a finished video. */
export function dashManifest(
  plan: Plan,
  tracks: {
    video: readonly AddressedTrack[]
    audio: readonly AddressedTrack[]
    subtitles: readonly AddressedSubtitle[]
  },
): string {
  const { video, audio, subtitles } = tracks
  return renderMpd({
    durationS: Math.max(0, ...[...video, ...audio].map(durationOf)),
    minBufferS: plan.segment_s,
    frameRate: plan.video?.frame_rate ?? null,
    video: video.flatMap((track) => {
      const rung = plan.video?.rungs.find(({ name }) => name === track.name)
      return rung ? [{ ...mediaTrack(track), width: rung.width, height: rung.height }] : []
    }),
    audio: audio.flatMap((track) => {
      const planned = plan.audio.find(({ position }) => `audio-${position}` === track.name)
      if (!planned) return []
      const { title, sample_rate: sampleRate, ...described } = planned
      return [{ ...described, ...mediaTrack(track), name: title, sampleRate }]
    }),
    subtitles: subtitles.flatMap(({ name: id, uri, averageBps }) => {
      const planned = plan.subtitles.find(({ position }) => `subtitle-${position}` === id)
      return planned ? [{ ...planned, id, name: planned.title, uri, bandwidth: averageBps }] : []
    }),
  })
}

function durationOf({ init, segments }: AddressedTrack): number {
  return segments.reduce((sum, { duration }) => sum + duration, 0) / init.timescale
}

function mediaTrack({ name, init, bandwidth, initUri, segments }: AddressedTrack) {
  return { id: name, ...init, bandwidth: bandwidth.peakBps, initUri, segments }
}
