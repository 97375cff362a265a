// @ts-check
import { fill, h, icon, setText } from './dom.js'
import { ago, fullTime } from './format.js'

/** @typedef {import('./types.js').Status} Status */

/** @type {Record<Status, string>} */
const statusWords = {
  queued: 'Queued',
  processing: 'Processing',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** A status as a coloured word. */
export function createPill() {
  const element = h('span', { class: 'pill' })
  return {
    element,
    /** @param {Status} status */
    set(status) {
      element.dataset.status = status
      setText(element, statusWords[status] ?? status)
    },
  }
}

/**
 * A progress bar. Null = running, but how far is not known yet.
 * @param {string} label
 */
export function createBar(label) {
  const fillElement = h('span', { class: 'bar-fill' })
  const element = h(
    'div',
    { class: 'bar', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 },
    fillElement,
  )
  return {
    element,
    /** @param {number | null} percent */
    set(percent) {
      element.toggleAttribute('data-unknown', percent === null)
      if (percent === null) return element.removeAttribute('aria-valuenow')
      element.setAttribute('aria-valuenow', percent.toFixed(1))
      fillElement.style.setProperty('--part', String(Math.min(1, percent / 100)))
    },
  }
}

/** @param {string} at */
export function timeAgo(at) {
  return h('time', { datetime: at, title: fullTime(at), 'data-ago': true }, ago(at))
}

/** Keeps every "3 minutes ago" on the page true; called now and then. */
export function refreshTimes() {
  for (const element of document.querySelectorAll('time[data-ago]')) {
    setText(element, ago(element.getAttribute('datetime') ?? ''))
  }
}

/**
 * @param {() => string} text
 * @param {string} [label]
 */
export function copyButton(text, label = 'Copy') {
  const word = h('span', {}, label)
  const sign = h('span', { class: 'sign' }, icon('copy'))
  const button = h('button', { type: 'button', class: 'button quiet', onclick: copy }, sign, word)
  return button

  async function copy() {
    const copied = await writeClipboard(text())
    fill(sign, icon(copied ? 'done' : 'copy'))
    setText(word, copied ? 'Copied' : 'Press Ctrl+C')
    setTimeout(() => {
      fill(sign, icon('copy'))
      setText(word, label)
    }, 2000)
  }
}

/**
 * The clipboard API exists on https and localhost only; elsewhere the old command does it.
 * @param {string} text
 */
async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = h('textarea', { class: 'offscreen', 'aria-hidden': true }, text)
    const holder = document.querySelector('dialog[open]') ?? document.body
    holder.append(area)
    area.select()
    const copied = document.execCommand('copy')
    area.remove()
    return copied
  }
}

/**
 * Commands to copy.
 * @param {string} text
 */
export function codeBlock(text) {
  return h(
    'div',
    { class: 'code' },
    h('pre', { tabindex: 0 }, text),
    copyButton(() => text),
  )
}

/**
 * A titled box.
 * @param {string} title
 * @param {...import('./dom.js').Child} children
 */
export function panel(title, ...children) {
  return h('section', { class: 'panel' }, h('h2', {}, title), ...children)
}

/**
 * Names and values in two columns; a null value leaves the line out.
 * @param {[string, import('./dom.js').Child][]} rows
 */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return h(
    'dl',
    { class: 'facts' },
    ...shown.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  )
}
