// @ts-check
import { submitGuide } from '../base/dialogs.js'
import { h, icon } from '../base/dom.js'

/** @typedef {import('../base/api.js').Filter} Filter */

/**
 * What stands in the place of rows where there are none.
 * @param {Filter} filter
 * @param {() => void} onClear of the search
 */
export function emptyNote({ status, words }, onClear) {
  if (words) return nothingFound({ status, words }, onClear)
  return status ? h('div', { class: 'empty' }, h('p', {}, `No video is ${status} right now.`)) : welcome()
}

/**
 * @param {Filter} filter
 * @param {() => void} onClear
 */
function nothingFound({ status, words }, onClear) {
  const among = status ? ` among those that are ${status}` : ''
  return h(
    'div',
    { class: 'empty' },
    h('p', {}, 'No title has “', h('strong', { dir: 'auto' }, words), `” in it${among}.`),
    h('button', { type: 'button', class: 'button', onclick: onClear }, 'Clear the search'),
  )
}

function welcome() {
  return h(
    'div',
    { class: 'empty' },
    h('h2', {}, 'No videos yet'),
    h('p', {}, 'Hand one in, and it appears here by itself and plays before it is done.'),
    h('a', { class: 'button primary', href: '#/upload' }, icon('upload'), 'Upload a video'),
    h('h2', { class: 'other-way' }, 'From a terminal'),
    submitGuide(),
  )
}

/**
 * When the list could not be read at all.
 * @param {string} why
 * @param {() => void} onAgain
 */
export function failureNote(why, onAgain) {
  return h(
    'div',
    { class: 'empty' },
    h('h2', {}, 'The videos could not be read'),
    h('p', {}, why),
    h('button', { type: 'button', class: 'button', onclick: onAgain }, 'Try again'),
  )
}

/** Rows to come, drawn only when they take long enough to be waited for. */
export function skeleton() {
  const line = () =>
    h('div', { class: 'bone-row' }, h('span', { class: 'bone picture' }), h('span', { class: 'bone' }))
  return h('div', { class: 'rows bones', 'aria-hidden': true }, ...Array.from({ length: 6 }, line))
}
