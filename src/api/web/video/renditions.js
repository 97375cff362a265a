// @ts-check
import { h, icon } from '../base/dom.js'
import { bitrate, bytes, count, decibels, frameRate, language, ratio } from '../base/format.js'
import { panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {Video['resolutions'][number]} Rung */
/** @typedef {Video['tracks'][number]} Track */
/** @typedef {import('../base/dom.js').Child} Child */

/**
 * @template Line
 * @typedef {{ name: string, cell: (line: Line) => Child, number?: boolean }} Column the first one heads the row
 */

/** @type {Column<Rung>[]} */
const rungColumns = [
  { name: 'Rung', cell: ({ name }) => name },
  { name: 'Picture', cell: ({ width, height }) => `${width} × ${height}` },
  { name: 'Rate', cell: ({ fps }) => `${frameRate(fps)} fps` },
  { name: 'Codec', cell: ({ codec }) => codecWords(codec) },
  { name: 'Average', cell: (rung) => bitrate(rung.average_bitrate_bps), number: true },
  { name: 'Peak', cell: (rung) => bitrate(rung.peak_bitrate_bps), number: true },
  { name: 'Frames', cell: ({ frames }) => count(frames), number: true },
  { name: 'Size', cell: (rung) => bytes(rung.size_bytes), number: true },
  { name: 'SSIM', cell: ({ quality }) => ratio(quality?.ssim_mean), number: true },
  { name: 'PSNR', cell: ({ quality }) => decibels(quality?.psnr_db), number: true },
  { name: 'VMAF', cell: ({ quality }) => quality?.vmaf_mean?.toFixed(1) ?? '–', number: true },
  { name: 'MP4', cell: mp4Link, number: true },
]

/** @type {Column<Track>[]} */
const trackColumns = [
  {
    name: 'Track',
    cell: ({ kind, name }) => `${kind === 'audio' ? 'Sound' : 'Subtitles'} ${numberOf(name)}`,
  },
  { name: 'Language', cell: (track) => language(track.language) || '–' },
  { name: 'Title', cell: ({ title }) => (title ? h('span', { dir: 'auto' }, title) : '–') },
  { name: 'Codec', cell: ({ kind, codec }) => (kind === 'audio' ? codecWords(codec) : 'WebVTT') },
  { name: 'Channels', cell: ({ channels }) => (channels === 2 ? 'Stereo' : channels === 1 ? 'Mono' : '–') },
  { name: 'Average', cell: (track) => bitrate(track.average_bitrate_bps), number: true },
  { name: 'Size', cell: (track) => bytes(track.size_bytes), number: true },
  { name: 'State', cell: ({ state }) => stateWords[state] ?? state },
]

/** @type {Record<string, string>} */
const stateWords = { planned: 'being made', ready: 'ready', skipped: 'left out' }

/**
 * What is made: a line a rung, and a line for each track of sound or text. Null where there is nothing to
 * tell of, as of a video that failed before anything was ready.
 * @param {Video} video
 */
export function renditionsPanel({ status, resolutions, tracks }) {
  const isOff = status === 'failed' || status === 'cancelled'
  const ready = [...resolutions, ...tracks].filter(({ state }) => state === 'ready' || !isOff)
  if (ready.length === 0) return null
  return panel(
    'Renditions',
    resolutions.length > 0 && table('Rungs', { lines: resolutions, columns: rungColumns }),
    tracks.length > 0 && table('Sound and subtitles', { lines: tracks, columns: trackColumns }),
  )
}

/**
 * Without the columns that say nothing of any line: figures nobody asked for, sizes that are not known yet.
 * @template Line
 * @param {string} label
 * @param {{ lines: Line[], columns: Column<Line>[] }} content
 */
function table(label, { lines, columns: all }) {
  const columns = all.filter(({ cell }) => lines.some((line) => cell(line) !== '–'))
  const heads = columns.map(({ name, number }) => h('th', { scope: 'col', 'data-number': number }, name))
  return h(
    'table',
    { class: 'renditions', 'aria-label': label },
    h('thead', {}, h('tr', {}, ...heads)),
    h(
      'tbody',
      {},
      ...lines.map((line) => h('tr', {}, ...columns.map((column, at) => cellOf(line, column, at)))),
    ),
  )
}

/**
 * @template Line
 * @param {Line} line
 * @param {Column<Line>} column
 * @param {number} at
 */
function cellOf(line, { name, cell, number }, at) {
  const content = cell(line)
  if (at === 0) return h('th', { scope: 'row' }, content)
  return h('td', { 'data-label': name, 'data-number': number, 'data-none': content === '–' }, content)
}

/** @type {Record<string, string>} the sample entry that an RFC 6381 string begins with */
const codecNames = { avc1: 'H.264', hvc1: 'HEVC', hev1: 'HEVC', av01: 'AV1', mp4a: 'AAC', wvtt: 'WebVTT' }

/** @param {string | null | undefined} codec */
function codecWords(codec) {
  if (!codec) return '–'
  const name = codecNames[codec.split('.')[0] ?? '']
  return name ? h('span', {}, name, h('small', { class: 'mono' }, codec)) : codec
}

/** `audio-0` is the first. @param {string} name */
const numberOf = (name) => Number(/\d+$/.exec(name)?.[0] ?? 0) + 1

/** @param {Rung} rung */
function mp4Link(rung) {
  if (!rung.mp4_url) return '–'
  const label = `Download ${rung.name} as MP4, ${bytes(rung.mp4_size_bytes)}`
  return h(
    'a',
    { href: rung.mp4_url, download: true, title: label, 'aria-label': label },
    icon('download'),
    bytes(rung.mp4_size_bytes),
  )
}
