/**
 * A DASH manifest (ISO/IEC 23009-1) of a finished video, as text. URIs come ready-made, relative or
 * presigned, and are ours; names and languages come out of strangers' files and may hold anything.
 */
import type { Rational } from '../model.ts'
import { asGroup, type Described, type Member } from './rendition-group.ts'

export type Mpd = {
  durationS: number
  /** So much media has to be there before playing begins, for the rates that are told. */
  minBufferS: number
  frameRate: Rational | null
  /** All the same pictures, in the order players should see them. */
  video: readonly (MediaTrack & { width: number; height: number })[]
  audio: readonly (MediaTrack & Described & { channels: number; sampleRate: number })[]
  subtitles: readonly (Described & { id: string; bandwidth: number; uri: string; forced: boolean })[]
}

type MediaTrack = {
  id: string
  codec: string
  /** Bits a second at the peak, of this track alone. */
  bandwidth: number
  initUri: string
  /** Units a second of `duration`. */
  timescale: number
  segments: readonly { uri: string; duration: number }[]
}

/**
 * One period; an adaptation set for the pictures, and one for each track of sound and text. The names of
 * segments follow no rule, so each is told: a SegmentList with a SegmentTimeline (§5.3.9.3), which the
 * profiles for live and on-demand do not know; hence the main one.
 */
export function renderMpd(mpd: Mpd): string {
  const sets = [
    ...(mpd.video.length > 0 ? [pictureSet(mpd)] : []),
    ...asGroup(mpd.audio, 'Audio').map(soundSet),
    ...asGroup(mpd.subtitles, 'Subtitles').map(textSet),
  ]
  const root = element(
    'MPD',
    {
      xmlns: 'urn:mpeg:dash:schema:mpd:2011',
      profiles: 'urn:mpeg:dash:profile:isoff-main:2011',
      type: 'static',
      mediaPresentationDuration: seconds(mpd.durationS),
      minBufferTime: seconds(mpd.minBufferS),
    },
    [element('Period', { id: '0', start: 'PT0S', duration: seconds(mpd.durationS) }, sets)],
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`
}

const mp4Set = { segmentAlignment: 'true', startWithSAP: 1, subsegmentAlignment: 'true' }

function pictureSet({ video, frameRate }: Mpd): string {
  const rate = frameRate === null ? null : frameRate.join('/')
  const attributes = { contentType: 'video', mimeType: 'video/mp4', frameRate: rate, sar: '1:1', ...mp4Set }
  return element('AdaptationSet', attributes, [
    role('main'),
    ...video.map((track) => mediaRepresentation(track, { width: track.width, height: track.height })),
  ])
}

function soundSet(track: Member<Mpd['audio'][number]>): string {
  const attributes = { contentType: 'audio', mimeType: 'audio/mp4', lang: track.language, ...mp4Set }
  return element('AdaptationSet', attributes, [
    role(track.default ? 'main' : 'alternate'),
    element('Label', {}, [escaped(track.name)]),
    element('AudioChannelConfiguration', {
      schemeIdUri: 'urn:mpeg:mpegB:cicp:ChannelConfiguration',
      value: track.channels,
    }),
    mediaRepresentation(track, { audioSamplingRate: track.sampleRate }),
  ])
}

function textSet(track: Member<Mpd['subtitles'][number]>): string {
  return element('AdaptationSet', { contentType: 'text', mimeType: 'text/vtt', lang: track.language }, [
    role(track.forced ? 'forced-subtitle' : 'subtitle'),
    ...(track.default ? [role('main')] : []),
    element('Label', {}, [escaped(track.name)]),
    element('Representation', { id: track.id, bandwidth: track.bandwidth }, [
      element('BaseURL', {}, [escaped(track.uri)]),
    ]),
  ])
}

/** ISO/IEC 23009-1 §5.8.5.5. */
function role(value: string): string {
  return element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value })
}

function mediaRepresentation(track: MediaTrack, attributes: Attributes): string {
  const { id, bandwidth, codec: codecs, timescale, initUri, segments } = track
  return element('Representation', { id, bandwidth, codecs, ...attributes }, [
    element('SegmentList', { timescale }, [
      element('Initialization', { sourceURL: initUri }),
      element('SegmentTimeline', {}, timeline(segments)),
      ...segments.map(({ uri }) => element('SegmentURL', { media: uri })),
    ]),
  ])
}

/** Runs of equal durations from zero on; `r` counts the repetitions after the first. */
function timeline(segments: MediaTrack['segments']): string[] {
  const runs: { duration: number; count: number }[] = []
  for (const { duration } of segments) {
    const run = runs.at(-1)
    if (run?.duration === duration) run.count += 1
    else runs.push({ duration, count: 1 })
  }
  return runs.map(({ duration, count }, at) =>
    element('S', { t: at === 0 ? 0 : null, d: duration, r: count > 1 ? count - 1 : null }),
  )
}

/** An xs:duration. */
const seconds = (value: number): string => `PT${value.toFixed(3)}S`

type Attributes = Record<string, string | number | null>

function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [` ${key}="${escaped(String(value))}"`],
  )
  const head = `${name}${given.join('')}`
  return children.length === 0 ? `<${head}/>` : `<${head}>${children.join('')}</${name}>`
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** As text or as an attribute, without what XML 1.0 (§2.2) cannot have at all. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
