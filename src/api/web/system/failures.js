// @ts-check
import { h, setText, show } from '../base/dom.js'
import { ago, count, fullTime } from '../base/format.js'
import { createKeyedList } from './keyed-list.js'

/** @typedef {import('./types.js').System} System */
/** @typedef {import('./types.js').Failure} Failure */

/** Why videos failed in the last day, the most frequent reason first. */
export function createFailures() {
  const list = h('ol', { class: 'failures' })
  const setList = createKeyedList(list, { keyOf: (failure) => failure.code, create: createFailure })
  const none = h('p', { class: 'quiet' }, 'Nothing failed in the last 24 hours.')
  const link = h('a', { href: '#/?status=failed', class: 'button' }, 'Show failed videos')
  const head = h('div', { class: 'panel-head' }, h('h2', {}, 'Failures in 24 hours'), link)

  /** @param {System} system */
  function set({ failures }) {
    setList(failures)
    show(none, failures.length === 0)
    show(list, failures.length > 0)
    show(link, failures.length > 0)
  }
  return { element: h('section', { class: 'panel' }, head, none, list), set }
}

function createFailure() {
  const amount = h('strong', { class: 'failure-count' })
  const about = h('span')
  const code = h('code')
  const latest = h('time', { 'data-ago': true })
  const note = h('span', { class: 'failure-note' }, code, ' · latest ', latest)
  const element = h('li', {}, amount, h('div', {}, about, note))

  /** @param {Failure} failure */
  function set(failure) {
    element.dataset.code = failure.code
    setText(amount, count(failure.videos))
    setText(about, sentence(failure.about ?? 'a reason that this version does not know'))
    setText(code, failure.code)
    latest.setAttribute('datetime', failure.latest_at)
    latest.setAttribute('title', fullTime(failure.latest_at))
    setText(latest, ago(failure.latest_at))
  }
  return { element, set }
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
