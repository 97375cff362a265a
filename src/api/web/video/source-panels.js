// @ts-check
import { h } from '../base/dom.js'
import { bitrate, bytes, clock, frameRate, humanise, language } from '../base/format.js'
import { facts, panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../../../media/model.ts').MediaInfo} MediaInfo */
/** @typedef {import('../../../media/model.ts').Plan} Plan */

/** What will be made and why. @param {Video} video */
export function planPanel({ plan }) {
  if (!plan) return null
  const chunks = plan.video?.chunks.length ?? 0
  const cut = plan.single_chunk
    ? `one piece (${humanise(plan.single_chunk).toLowerCase()})`
    : `${chunks} chunks`
  return panel(
    'Plan',
    facts([
      ['Cut into', chunks ? cut : null],
      ['Segments', `${plan.segment_s} s each`],
      ['Frame rate', plan.video && `${frameRate(plan.video.frame_rate)} fps`],
      ['Deinterlaced', plan.video?.deinterlace && 'yes'],
      ['HDR', plan.video?.tone_map && 'tone-mapped to SDR'],
    ]),
    reasons(
      'Kept',
      plan.kept.map(({ name, reason }) => [name, reason]),
    ),
    reasons(
      'Left out',
      plan.skipped.map(({ name, reason }) => [name, reason]),
    ),
    reasons(
      'Warnings',
      plan.warnings.map(({ code, message }) => [humanise(code), message]),
    ),
  )
}

/**
 * @param {string} title
 * @param {string[][]} lines
 */
function reasons(title, lines) {
  if (lines.length === 0) return null
  return h(
    'div',
    { class: 'reasons', 'data-kind': title },
    h('h3', {}, title),
    h(
      'ul',
      {},
      ...lines.map(([name, reason]) => h('li', {}, h('strong', {}, name), ' ', h('span', {}, reason))),
    ),
  )
}

/** Where it came from and what was found in it. @param {Video} video */
export function sourcePanel({ source, media, metadata }) {
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
    Object.keys(metadata).length > 0 && h('h3', {}, 'Metadata'),
    Object.keys(metadata).length > 0 &&
      h('pre', { class: 'metadata', tabindex: 0 }, JSON.stringify(metadata, null, 2)),
  )
}

/**
 * @param {MediaInfo} media
 * @returns {[string, string | null][]}
 */
function mediaLines(media) {
  const { video } = media
  return [
    ['Container', media.format],
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
