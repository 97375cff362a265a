// @ts-check
import { h } from '../base/dom.js'
import { bytes, nameOf } from '../base/format.js'
import { codeBlock, copyButton, panel } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {{ name: string, text: string }} Address what to copy, and what it is called */

/** Everything somebody takes along: an embed code, addresses, and the same as commands. @param {Video} video */
export function usePanel(video) {
  const isDone = video.status === 'completed'
  if (!isDone && !(video.status === 'processing' && video.media)) return null
  return panel(
    'Use it',
    video.links.hls.includes('token=') &&
      h(
        'p',
        { class: 'use-note' },
        'Whoever has one of these addresses can watch this video, for some hours from now.',
      ),
    h('div', { class: 'uses' }, ...[embed(video), ...addresses(video)].map(use), useOf(files(video))),
    isDone &&
      h('details', { class: 'commands' }, h('summary', {}, 'From a terminal'), codeBlock(commands(video))),
  )
}

/** @param {Video} video @returns {Address} */
function embed(video) {
  const top = video.resolutions[0]
  const ratio = top ? `${top.width} / ${top.height}` : '16 / 3'
  const source = absolute(video.links.embed)
  const title = nameOf(video).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  const style = `width: 100%; aspect-ratio: ${ratio}; border: 0`
  return {
    name: 'Embed',
    text: `<iframe src="${source}" title="${title}" style="${style}" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`,
  }
}

/** Those that answer by now. @param {Video} video @returns {Address[]} */
function addresses({ links, status }) {
  return [
    { name: 'HLS', path: links.hls },
    { name: 'DASH', path: status === 'completed' ? links.dash : null },
    { name: 'Poster', path: links.poster },
    { name: 'Storyboard', path: links.storyboard },
  ].flatMap(({ name, path }) => (path ? [{ name, text: absolute(path) }] : []))
}

/** @param {Video} video @returns {Address[]} an MP4 a rung */
function files({ resolutions }) {
  return resolutions.flatMap(({ name, mp4_url: path }) =>
    path ? [{ name: `MP4 ${name}`, text: absolute(path) }] : [],
  )
}

/** @param {Address} address */
function use({ name, text }) {
  return line(h('span', { class: 'use-name' }, name), { name, text }).element
}

/** One line for several, of which one is chosen. @param {Address[]} choice */
function useOf(choice) {
  const [first] = choice
  if (!first) return null
  const options = choice.map(({ name, text }) => h('option', { value: text }, name))
  const select = h('select', { 'aria-label': 'Which MP4', onchange: () => set(select.value) }, ...options)
  const { element, set } = line(select, { name: 'MP4', text: first.text })
  return element
}

/**
 * @param {HTMLElement} head
 * @param {Address} address
 */
function line(head, { name, text }) {
  const field = h('input', {
    class: 'mono',
    readonly: true,
    value: text,
    'aria-label': `${name}, to copy`,
    onfocus: () => field.select(),
  })
  const button = copyButton(() => field.value)
  button.setAttribute('aria-label', `Copy ${name}`)
  const element = h('div', { class: 'use' }, head, field, button)
  return { element, set }

  /** @param {string} next */
  function set(next) {
    field.value = next
  }
}

/** @param {Video} video */
function commands({ id, links, resolutions }) {
  const best = resolutions.find((rung) => rung.mp4_url)
  const lines = [
    '# all about it, as JSON',
    `curl -fsS ${absolute(links.self)}`,
    '# its HLS and DASH',
    `curl -fsSL ${absolute(links.hls)}`,
    `curl -fsSL ${absolute(links.dash)}`,
    best?.mp4_url && `# the ${best.name} as MP4, ${bytes(best.mp4_size_bytes)}`,
    best?.mp4_url && `curl -fsSL -o ${id}.mp4 ${absolute(best.mp4_url)}`,
    links.poster && '# its poster',
    links.poster && `curl -fsSL -o ${id}.jpg ${absolute(links.poster)}`,
    links.storyboard && '# the small pictures for a seek bar',
    links.storyboard && `curl -fsSL ${absolute(links.storyboard)}`,
  ]
  return lines.filter(Boolean).join('\n')
}

/** @param {string} path */
const absolute = (path) => new URL(path, location.href).href
