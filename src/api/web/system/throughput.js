// @ts-check
import { fill, h, setText } from '../base/dom.js'
import { count, span } from '../base/format.js'
import { clockTime, createChart, stretchS } from './chart.js'

/** @typedef {import('./types.js').System} System */
/** @typedef {import('./types.js').Stretch} Stretch */

const heads = ['Time', 'Completed', 'Failed', 'Film completed', 'Seconds of film a second']

/** What was made in the last hour, as a chart and, for who cannot see it, as a table of the same numbers. */
export function createThroughput() {
  const body = h('tbody')
  const sum = h('p', { class: 'quiet' })
  const readout = h('p', { class: 'readout' })
  const plot = h('div', {
    class: 'plot',
    role: 'img',
    'aria-label': 'Chart of the numbers in the table that follows',
  })
  const chart = createChart(plot, {
    onPoint: (at) => setText(readout, at === null ? hint : inWords(latest[at])),
  })
  /** @type {Stretch[]} */
  let latest = []
  let shown = ''
  const table = h(
    'table',
    { class: 'offscreen' },
    h('caption', {}, 'Throughput of the last hour, in stretches of five minutes'),
    h('thead', {}, h('tr', {}, ...heads.map((text) => h('th', { scope: 'col' }, text)))),
    body,
  )
  const head = h('div', { class: 'panel-head' }, h('h2', {}, 'Throughput of the last hour'), legend())
  setText(readout, hint)

  /** @param {System} system */
  function set({ throughput }) {
    const text = JSON.stringify(throughput)
    if (text === shown) return
    shown = text
    latest = throughput
    setText(sum, sumInWords(throughput))
    fill(body, ...throughput.map(row))
    chart.set(throughput)
  }
  const element = h('section', { class: 'panel wide' }, head, sum, plot, readout, table)
  return { element, set, end: chart.end }
}

const hint = 'Point at the chart for the numbers of five minutes.'

function legend() {
  const keys = [
    ['completed', 'Videos completed'],
    ['failed', 'Videos failed'],
    ['film', 'Seconds of film a second (right)'],
  ]
  const items = keys.map(([key, text]) => h('li', { class: 'legend-key', 'data-key': key }, text ?? ''))
  return h('ul', { class: 'legend' }, ...items)
}

/** @param {Stretch} stretch */
function row(stretch) {
  const { completed, failed, source_s } = stretch
  const cells = [count(completed), count(failed), span(source_s), (source_s / stretchS).toFixed(2)]
  return h('tr', {}, h('th', { scope: 'row' }, time(stretch)), ...cells.map((text) => h('td', {}, text)))
}

/** @param {Stretch | undefined} stretch */
function inWords(stretch) {
  if (!stretch) return hint
  const { completed, failed, source_s } = stretch
  const film =
    source_s > 0 ? `, ${span(source_s)} of film (${(source_s / stretchS).toFixed(2)} a second)` : ''
  return `${time(stretch)}: ${count(completed)} completed, ${count(failed)} failed${film}`
}

/** @param {Stretch} stretch */
function time({ from }) {
  const begin = Date.parse(from) / 1000
  return `${clockTime(begin)}–${clockTime(begin + stretchS)}`
}

/** @param {Stretch[]} throughput */
function sumInWords(throughput) {
  const sum = (/** @type {(stretch: Stretch) => number} */ of) =>
    throughput.reduce((all, one) => all + of(one), 0)
  const [completed, failed, film] = [
    sum((one) => one.completed),
    sum((one) => one.failed),
    sum((one) => one.source_s),
  ]
  if (completed + failed === 0) return 'No video ended in the last hour.'
  const rate = (film / (throughput.length * stretchS)).toFixed(2)
  return `${count(completed)} completed, ${count(failed)} failed; ${span(film)} of film, ${rate} seconds of it a second.`
}
