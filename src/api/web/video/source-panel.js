// @ts-check
import { h } from '../base/dom.js'
import { bitrate, bytes, clock, frameRate, language } from '../base/format.js'
import { facts, panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../../../media/model.ts').MediaInfo} MediaInfo */

/** Where it came from, what was found in it, and what was asked for. @param {Video} video */
export function sourcePanel({ source, media, metadata, options }) {
  const lines = media ? mediaLines(media) : []
  return panel(
    'Source',
    facts([
      [source.kind === 'url' ? 'Address' : 'Object', h('span', { class: 'mono' }, source.url ?? source.key)],
      [
        'Bytes',
        source.size_bytes || media?.size_bytes ? bytes(source.size_bytes ?? media?.size_bytes) : null,
      ],
      ...lines,
    ]),
    h('h3', {}, 'Asked for'),
    h('ul', { class: 'asked' }, ...wishes(options).map((wish) => h('li', {}, wish))),
    Object.keys(metadata).length > 0 && h('h3', {}, 'Metadata'),
    Object.keys(metadata).length > 0 &&
      h('pre', { class: 'metadata', tabindex: 0 }, JSON.stringify(metadata, null, 2)),
  )
}

/**
 * The options of the job, those that change something.
 * @param {Video['options']} options
 */
function wishes({ profile, per_title, quality, allow_partial }) {
  return [
    `The profile “${profile ?? 'default'}”.`,
    per_title && 'A ladder fitted to the content, of which a few seconds are sampled.',
    quality && 'Every rung measured against the source.',
    allow_partial && 'What there is of a damaged source, instead of a failure.',
  ].filter((wish) => typeof wish === 'string')
}

/** As ffprobe names those that most files are. @type {Record<string, string>} */
const containers = {
  'mov,mp4,m4a,3gp,3g2,mj2': 'MP4 or MOV',
  'matroska,webm': 'Matroska or WebM',
  mpegts: 'MPEG-TS',
  avi: 'AVI',
}

/**
 * @param {MediaInfo} media
 * @returns {[string, string | null][]}
 */
function mediaLines(media) {
  const { video } = media
  return [
    ['Container', containers[media.format] ?? media.format],
    ['Title in the file', media.title],
    ['Duration', clock(media.duration_s)],
    ['Bitrate', media.bitrate_bps === null ? null : bitrate(media.bitrate_bps)],
    [
      'Video',
      video &&
        joined([
          video.codec,
          video.profile,
          `${video.width} × ${video.height}`,
          `${frameRate(video.average_rate ?? video.nominal_rate)} fps`,
        ]),
    ],
    [
      'Picture',
      video &&
        joined([
          video.pixel_format,
          video.rotation ? `turned ${video.rotation}°` : '',
          video.interlaced ? 'interlaced' : '',
          video.color.transfer,
        ]),
    ],
    ...media.audio.map((track, index) =>
      line(`Audio ${index + 1}`, track, [
        track.codec,
        channelWords(track.channels),
        track.sample_rate ? `${track.sample_rate / 1000} kHz` : '',
      ]),
    ),
    ...media.subtitles.map((track, index) =>
      line(`Subtitle ${index + 1}`, track, [track.codec, track.forced ? 'forced' : '']),
    ),
  ]
}

/**
 * @param {string} name
 * @param {{ language: string | null, title: string | null }} track
 * @param {(string | null)[]} parts
 * @returns {[string, string]}
 */
function line(name, track, parts) {
  return [name, joined([...parts, language(track.language), track.title])]
}

/** @param {(string | null)[]} parts */
const joined = (parts) => parts.filter(Boolean).join(' · ')

/** @param {number | null} channels */
function channelWords(channels) {
  if (!channels) return ''
  const names = ['', 'mono', 'stereo', '', '', '', '5.1', '', '7.1']
  return names[channels] || `${channels} channels`
}
