/**
 * HLS playlists (RFC 8216) as text. URIs come ready-made, relative or presigned, and are ours; names
 * and languages come out of strangers' files and may hold anything.
 */
import { StepladderError } from '../../errors.ts'
import type { Rational } from '../model.ts'
import { asGroup, type Described, printable } from './rendition-group.ts'

export type MediaPlaylist = {
  /** Whole seconds; no segment may last longer when rounded (§4.3.3.1). */
  targetDuration: number
  /** Null where segments need none: WebVTT. */
  initUri: string | null
  segments: readonly { uri: string; duration_s: number }[]
  /** `event` grows at its end while the video is processed, `vod` never changes. */
  type: 'event' | 'vod'
  ended: boolean
  /** Makes players begin at the start of an event playlist instead of near its end. */
  startTag?: boolean
}

export type MasterPlaylist = {
  /** In the order players should see them. Picture fields are null in an audio-only master. */
  variants: readonly Variant[]
  /** The alternatives of one group that every variant plays with; empty where there is nothing to choose. */
  audio: readonly AudioRendition[]
  /** Another such group, which a player may leave off. */
  subtitles?: readonly SubtitleRendition[]
  /** The same pictures, key pictures alone, for a seek bar. */
  iframes?: readonly Omit<Variant, 'frameRate'>[]
}

export type IFramePlaylist = {
  /** Whole seconds; no picture may be shown longer when rounded. */
  targetDuration: number
  initUri: string
  frames: readonly { uri: string; offset: number; bytes: number; duration_s: number }[]
}

export type Variant = {
  uri: string
  /** Bits a second, the highest of the audio group included (§4.3.4.2). */
  bandwidth: number
  averageBandwidth: number | null
  codecs: readonly string[]
  width: number | null
  height: number | null
  frameRate: Rational | null
}

export type AudioRendition = Described & { uri: string; channels: number }
/** `forced`: what has to be read even by who wants no subtitles, such as a sign in another language. */
export type SubtitleRendition = Described & { uri: string; forced: boolean }

/** EXT-X-MAP in a playlist of whole segments takes version 6 (§7). */
const VERSION = 6
const AUDIO_GROUP = 'audio'
const SUBTITLE_GROUP = 'subtitles'

export function renderMediaPlaylist(playlist: MediaPlaylist): string {
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${playlist.type.toUpperCase()}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(playlist.startTag ? ['#EXT-X-START:TIME-OFFSET=0'] : []),
    ...(playlist.initUri === null ? [] : [`#EXT-X-MAP:URI=${quoteUri(playlist.initUri)}`]),
    ...playlist.segments.flatMap(({ uri, duration_s }) => [
      `#EXTINF:${duration_s.toFixed(6)},`,
      checkUri(uri),
    ]),
    ...(playlist.ended ? ['#EXT-X-ENDLIST'] : []),
  ])
}

/** Pictures that need no other, each a range of a segment (§4.3.3.6). */
export function renderIFramePlaylist({ targetDuration, initUri, frames }: IFramePlaylist): string {
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${targetDuration}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MAP:URI=${quoteUri(initUri)}`,
    ...frames.flatMap(({ uri, offset, bytes, duration_s }) => [
      `#EXTINF:${duration_s.toFixed(6)},`,
      `#EXT-X-BYTERANGE:${bytes}@${offset}`,
      checkUri(uri),
    ]),
    '#EXT-X-ENDLIST',
  ])
}

export function renderMasterPlaylist(master: MasterPlaylist): string {
  const { variants, audio, subtitles = [], iframes = [] } = master
  const groups = {
    AUDIO: audio.length > 0 ? quote(AUDIO_GROUP) : null,
    SUBTITLES: subtitles.length > 0 ? quote(SUBTITLE_GROUP) : null,
  }
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...renderAudioGroup(audio),
    ...renderSubtitleGroup(subtitles),
    ...variants.flatMap((variant) => [renderVariant(variant, groups), checkUri(variant.uri)]),
    ...iframes.map((variant) =>
      tag('#EXT-X-I-FRAME-STREAM-INF', { ...rates(variant), URI: quoteUri(variant.uri) }),
    ),
  ])
}

function renderVariant(variant: Variant, groups: Record<'AUDIO' | 'SUBTITLES', string | null>): string {
  const { width, frameRate } = variant
  return tag('#EXT-X-STREAM-INF', {
    ...rates(variant),
    'FRAME-RATE': frameRate === null ? null : (frameRate[0] / frameRate[1]).toFixed(3),
    ...groups,
    // Without it players offer captions that are not there.
    'CLOSED-CAPTIONS': width === null ? null : 'NONE',
  })
}

/** What both kinds of stream state (§4.3.4.2). */
function rates({ bandwidth, averageBandwidth, codecs, width, height }: Omit<Variant, 'frameRate'>) {
  const named = [...new Set(codecs)]
  return {
    BANDWIDTH: Math.ceil(bandwidth),
    'AVERAGE-BANDWIDTH': averageBandwidth === null ? null : Math.ceil(averageBandwidth),
    CODECS: named.length > 0 ? quote(named.join(',')) : null,
    RESOLUTION: width === null || height === null ? null : `${width}x${height}`,
  }
}

/** One EXT-X-MEDIA tag a rendition (§4.3.4.1). */
function renderAudioGroup(audio: readonly AudioRendition[]): string[] {
  return asGroup(audio, 'Audio').map(({ channels, uri, ...described }) =>
    tag('#EXT-X-MEDIA', {
      TYPE: 'AUDIO',
      'GROUP-ID': quote(AUDIO_GROUP),
      ...describe(described),
      CHANNELS: quote(String(channels)),
      URI: quoteUri(uri),
    }),
  )
}

function renderSubtitleGroup(subtitles: readonly SubtitleRendition[]): string[] {
  return asGroup(subtitles, 'Subtitles').map(({ forced, uri, ...described }) =>
    tag('#EXT-X-MEDIA', {
      TYPE: 'SUBTITLES',
      'GROUP-ID': quote(SUBTITLE_GROUP),
      ...describe(described),
      FORCED: forced ? 'YES' : 'NO',
      URI: quoteUri(uri),
    }),
  )
}

function describe(member: { name: string; language: string | null; default: boolean; autoselect: boolean }) {
  return {
    NAME: quote(member.name),
    LANGUAGE: member.language === null ? null : quote(member.language),
    DEFAULT: member.default ? 'YES' : 'NO',
    AUTOSELECT: member.autoselect ? 'YES' : 'NO',
  }
}

function tag(name: string, attributes: Record<string, string | number | null>): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== null)
  return `${name}:${given.map(([key, value]) => `${key}=${value}`).join(',')}`
}

/** A quoted-string holds neither line ends nor quotation marks, and has no escapes (§4.2). */
function quote(text: string): string {
  return `"${printable(text)}"`
}

function quoteUri(uri: string): string {
  return `"${checkUri(uri)}"`
}

/** The characters of RFC 3986 §2; what is not among them should have been escaped. A line that starts with # is a tag. */
function checkUri(uri: string): string {
  if (/^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(uri) && !uri.startsWith('#')) return uri
  throw new StepladderError('bad_uri', `not a URI for a playlist: ${JSON.stringify(uri)}`)
}

function lines(list: readonly string[]): string {
  return `${list.join('\n')}\n`
}
