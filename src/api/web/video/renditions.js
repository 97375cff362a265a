// @ts-check
import { h, icon } from '../base/dom.js'
import { bitrate, bytes, count, frameRate, language } from '../base/format.js'
import { panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */

const columns = ['Rung', 'Size', 'Rate', 'Codec', 'Average', 'Peak', 'Bytes', 'Frames', 'MP4']

/**
 * What was made: one line a rung, then the audio tracks. Null while there is none.
 * @param {Video} video
 */
export function renditionsPanel(video) {
  if (video.resolutions.length + video.tracks.length === 0) return null
  return panel(
    'Renditions',
    h(
      'table',
      { class: 'renditions' },
      h('thead', {}, h('tr', {}, ...columns.map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...video.resolutions.map(rungRow), ...video.tracks.map(trackRow)),
    ),
  )
}

/** @param {Video['resolutions'][number]} rung */
function rungRow(rung) {
  return row(rung.name, [
    `${rung.width} × ${rung.height}`,
    `${frameRate(rung.fps)} fps`,
    rung.codec ?? '–',
    bitrate(rung.average_bitrate_bps),
    bitrate(rung.peak_bitrate_bps),
    bytes(rung.size_bytes),
    count(rung.frames),
    mp4Link(rung),
  ])
}

/** @param {Video['tracks'][number]} track */
function trackRow(track) {
  const channels = track.channels === 1 ? 'Mono' : track.channels === 2 ? 'Stereo' : ''
  const name = [language(track.language), track.title].filter(Boolean).join(' · ')
  const about = [name, channels].filter(Boolean).join(' · ')
  return row(h('span', {}, track.name, about && h('small', {}, about)), [
    '–',
    '–',
    track.state === 'skipped' ? 'skipped' : (track.codec ?? '–'),
    bitrate(track.average_bitrate_bps),
    '–',
    bytes(track.size_bytes),
    '–',
    '–',
  ])
}

/**
 * @param {import('../base/dom.js').Child} name
 * @param {import('../base/dom.js').Child[]} cells in the order of the columns, after the name
 */
function row(name, cells) {
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, name),
    ...cells.map((cell, index) =>
      h('td', { 'data-label': columns[index + 1], 'data-none': cell === '–' }, cell),
    ),
  )
}

/** @param {Video['resolutions'][number]} rung */
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
