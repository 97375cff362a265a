// @ts-check
import { getRuns } from '../base/api.js'
import { fill, h, show } from '../base/dom.js'
import { fullTime, timeOfDay } from '../base/format.js'
import { beginningWords, taskWords } from './run-words.js'

/** @typedef {import('../base/types.js').Run} Run */

const most = 100

/**
 * Which worker has what in hand right now.
 * @param {string} id of the video
 */
export function createAtWork(id) {
  const list = h('ul', { class: 'at-work-list' })
  const element = h('div', { class: 'at-work', hidden: true }, h('h3', {}, 'At work'), list)
  return { element, load, clear: () => show(element, false) }

  /** @param {AbortSignal} [signal] */
  async function load(signal) {
    const { runs } = await getRuns(id, { outcome: 'running', limit: most }, signal)
    show(element, runs.length > 0)
    fill(list, ...runs.sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at)).map(line))
  }
}

/** @param {Run} run */
function line(run) {
  return h(
    'li',
    {},
    h('strong', {}, taskWords(run)),
    h('span', { class: 'mono' }, run.worker),
    h(
      'span',
      { class: 'parts' },
      ...[
        h(
          'time',
          { datetime: run.started_at, title: fullTime(run.started_at) },
          `since ${timeOfDay(run.started_at)}`,
        ),
        beginningWords(run),
      ]
        .filter(Boolean)
        .map((part) => h('span', {}, part)),
    ),
  )
}
