// @ts-check
import { h, setText, show } from '../base/dom.js'
import { count, humanise } from '../base/format.js'
import { createKeyedList } from './keyed-list.js'
import { age, plural } from './tiles.js'

/** @typedef {import('./types.js').System} System */
/** @typedef {import('./types.js').Queue & { now: string }} ShownQueue */

/** What the API counts to. */
const mostCounted = 10_000
/** A courier looks for work once a second: who waits longer has none, or a busy one. */
const patienceS = 15

/** How much waits, by priority, and the sources that couriers fetch. */
export function createQueue() {
  const body = h('tbody')
  const setRows = createKeyedList(body, { keyOf: (row) => row.priority, create: createRow })
  const courier = h('p', { class: 'quiet' })
  const heads = ['Priority', 'Videos waiting', 'Tasks waiting', 'Tasks at work', 'Oldest video waits']
  const head = h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))
  const table = h('table', { class: 'figures' }, h('thead', {}, head), body)
  const element = h('section', { class: 'panel' }, h('h2', {}, 'Queue'), table, courier)

  /** @param {System} system */
  function set(system) {
    setRows(system.queue.map((row) => ({ ...row, now: system.at })))
    const text = courierInWords(system)
    setText(courier, text)
    show(courier, text !== '')
  }
  return { element, set }
}

function createRow() {
  const name = h('th', { scope: 'row' })
  const cells = Array.from({ length: 4 }, () => h('td'))

  /** @param {ShownQueue} row */
  function set(row) {
    setText(name, humanise(row.priority))
    const texts = [
      upTo(row.videos_queued),
      upTo(row.tasks_waiting),
      count(row.tasks_running),
      row.oldest_queued_at ? age(row.now, row.oldest_queued_at) : '–',
    ]
    for (const [at, cell] of cells.entries()) setText(cell, texts[at] ?? '')
  }
  return { element: h('tr', {}, name, ...cells), set }
}

/** @param {number} amount */
const upTo = (amount) => (amount >= mostCounted ? `${count(mostCounted)} or more` : count(amount))

/** @param {System} system */
function courierInWords({ at, courier: { waiting, oldest_waiting_at, fetching } }) {
  const sentences = [
    fetching.length > 0 ? `Couriers are fetching ${plural(fetching.length, 'source')}.` : '',
    waiting > 0
      ? `${plural(waiting, 'source')} to be fetched from the web ${waiting === 1 ? 'waits' : 'wait'}.`
      : '',
  ]
  const waitedS = oldest_waiting_at ? (Date.parse(at) - Date.parse(oldest_waiting_at)) / 1000 : 0
  if (waitedS > patienceS && fetching.length === 0) {
    sentences.push('No courier seems to be running: start one with npm run courier.')
  }
  return sentences.filter(Boolean).join(' ')
}
