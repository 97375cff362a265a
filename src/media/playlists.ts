/**
 * HLS playlists (RFC 8216) as text. URIs come ready-made, relative or presigned, and are ours; names
 * and languages come out of strangers' files and may hold anything.
 */
import { StepladderError } from '../errors.ts'
import type { Rational } from './model.ts'

export type MediaPlaylist = {
  /** Whole seconds; no segment may last longer when rounded (§4.3.3.1). */
  targetDuration: number
  initUri: string
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

export type AudioRendition = {
  uri: string
  name: string
  language: string | null
  default: boolean
  channels: number
}

/** EXT-X-MAP in a playlist of whole segments takes version 6 (§7). */
const VERSION = 6
const AUDIO_GROUP = 'audio'
const MAX_NAME_LENGTH = 100

export function renderMediaPlaylist(playlist: MediaPlaylist): string {
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${playlist.targetDuration}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${playlist.type.toUpperCase()}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(playlist.startTag ? ['#EXT-X-START:TIME-OFFSET=0'] : []),
    `#EXT-X-MAP:URI=${quoteUri(playlist.initUri)}`,
    ...playlist.segments.flatMap(({ uri, duration_s }) => [
      `#EXTINF:${duration_s.toFixed(6)},`,
      checkUri(uri),
    ]),
    ...(playlist.ended ? ['#EXT-X-ENDLIST'] : []),
  ])
}

export function renderMasterPlaylist({ variants, audio }: MasterPlaylist): string {
  return lines([
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...renderAudioGroup(audio),
    ...variants.flatMap((variant) => [renderVariant(variant, audio.length > 0), checkUri(variant.uri)]),
  ])
}

function renderVariant(variant: Variant, hasAudioGroup: boolean): string {
  const { width, height, frameRate, averageBandwidth } = variant
  const codecs = [...new Set(variant.codecs)]
  return tag('#EXT-X-STREAM-INF', {
    BANDWIDTH: Math.ceil(variant.bandwidth),
    'AVERAGE-BANDWIDTH': averageBandwidth === null ? null : Math.ceil(averageBandwidth),
    CODECS: codecs.length > 0 ? quote(codecs.join(',')) : null,
    RESOLUTION: width === null || height === null ? null : `${width}x${height}`,
    'FRAME-RATE': frameRate === null ? null : (frameRate[0] / frameRate[1]).toFixed(3),
    AUDIO: hasAudioGroup ? quote(AUDIO_GROUP) : null,
    // Without it players offer captions that are not there.
    'CLOSED-CAPTIONS': width === null ? null : 'NONE',
  })
}

/** One EXT-X-MEDIA tag a rendition, kept to the rules of a group (§4.3.4.1.1) whatever the file claims. */
function renderAudioGroup(audio: readonly AudioRendition[]): string[] {
  const names = new Set<string>()
  const defaultAt = audio.findIndex((rendition) => rendition.default)
  const languages = audio.map(({ language }) => cleanLanguage(language))
  return audio.map((rendition, at) => {
    const language = languages[at] ?? null
    const isDefault = at === defaultAt
    // A player may choose by itself among renditions of different languages only; the default comes first.
    const isFirstOfLanguage = languages.indexOf(language) === at && language !== languages[defaultAt]
    const name = uniqueName(cleanName(rendition.name) || `Audio ${at + 1}`, names)
    names.add(name)
    return tag('#EXT-X-MEDIA', {
      TYPE: 'AUDIO',
      'GROUP-ID': quote(AUDIO_GROUP),
      NAME: quote(name),
      LANGUAGE: language === null ? null : quote(language),
      DEFAULT: isDefault ? 'YES' : 'NO',
      AUTOSELECT: isDefault || isFirstOfLanguage ? 'YES' : 'NO',
      CHANNELS: quote(String(rendition.channels)),
      URI: quoteUri(rendition.uri),
    })
  })
}

/** As players show it: one line of bearable length; may come out empty. */
function cleanName(name: string): string {
  return [...printable(name)].slice(0, MAX_NAME_LENGTH).join('').trim()
}

/** Without what would end a quoted-string, its line, or the order in which the line reads. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('"', "'")
    .replaceAll(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
}

/** A well-formed language tag (RFC 5646 §2.1, roughly) that names a language, else null. */
function cleanLanguage(language: string | null): string | null {
  if (language === null || language.toLowerCase() === 'und') return null
  return /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(language) ? language : null
}

function uniqueName(name: string, taken: ReadonlySet<string>): string {
  let candidate = name
  for (let n = 2; taken.has(candidate); n++) candidate = `${name} (${n})`
  return candidate
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
