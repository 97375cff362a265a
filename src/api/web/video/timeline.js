// @ts-check
import { fill, h } from '../base/dom.js'
import { fullTime, span, timeOfDay } from '../base/format.js'
import { panel } from '../base/widgets.js'
import { eventInWords, runInWords } from './timeline-words.js'

/** @typedef {import('../base/types.js').TimelineEvent} TimelineEvent */

/** Runs of tasks between two events are listed up to here, and folded beyond. */
const mostRuns = 4

/** What happened, in order: the video's events, and the runs of its tasks between them. */
export function createTimeline() {
  const list = h('ol', { class: 'timeline' })
  const element = panel('Timeline', list)
  /** Folds somebody opened, by their first run. @type {Set<string>} */
  const opened = new Set()
  element.hidden = true
  return { element, set }

  /** @param {TimelineEvent[]} events */
  function set(events) {
    element.hidden = events.length === 0
    const items = groups(events).map((group) =>
      group.length > mostRuns ? fold(group, opened) : group.map(entry),
    )
    const made = h('ol', { class: 'timeline' }, ...items.flat())
    if (!list.isEqualNode(made)) fill(list, ...made.childNodes)
  }
}

/** Each event by itself, and the runs between two events together. @param {TimelineEvent[]} events */
function groups(events) {
  /** @type {TimelineEvent[][]} */
  const made = []
  for (const event of events) {
    const last = made.at(-1)
    if (event.kind === 'run' && last?.[0]?.kind === 'run') last.push(event)
    else made.push([event])
  }
  return made
}

/** @param {TimelineEvent} event */
function entry(event) {
  const { title, text, note } = event.kind === 'run' ? runInWords(event.data) : eventInWords(event)
  return h(
    'li',
    { 'data-kind': event.kind, 'data-outcome': String(event.data.outcome ?? '') },
    h(
      'div',
      { class: 'timeline-head' },
      h('strong', {}, title),
      note && h('span', { class: 'note' }, note),
      h('time', { datetime: event.at, title: fullTime(event.at) }, timeOfDay(event.at)),
    ),
    text && h('p', {}, text),
  )
}

/**
 * @param {TimelineEvent[]} runs
 * @param {Set<string>} opened
 */
function fold(runs, opened) {
  const key = runs[0]?.at ?? ''
  const workers = new Set(runs.map(({ data }) => data.worker)).size
  const running = runs.filter(({ data }) => !data.outcome).length
  const odd = runs.filter(({ data }) => ['failed', 'retried', 'lost'].includes(String(data.outcome))).length
  const ends = runs.map(({ data, at }) => Date.parse(String(data.ended_at ?? at)))
  const took = (Math.max(...ends) - Date.parse(key)) / 1000
  const facts = [
    workers === 1 ? 'by one worker' : `by ${workers} workers`,
    running ? `${running} running` : `in ${span(took)}`,
    odd ? `${odd} went wrong` : '',
  ]
  const details = h(
    'details',
    { open: opened.has(key), ontoggle: () => (details.open ? opened.add(key) : opened.delete(key)) },
    h(
      'summary',
      {},
      h('strong', {}, `${runs.length} task runs `),
      h('span', { class: 'note' }, facts.filter(Boolean).join(', ')),
    ),
    h('ol', { class: 'timeline' }, ...runs.map(entry)),
  )
  return h('li', { 'data-kind': 'runs', 'data-outcome': odd ? 'lost' : '' }, details)
}
