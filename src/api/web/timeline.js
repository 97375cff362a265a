// @ts-check
import { h } from './dom.js'
import { bytes, fullTime, humanise, span, timeOfDay } from './format.js'
import { panel } from './widgets.js'

/** @typedef {import('./types.js').TimelineEvent} TimelineEvent */

/**
 * What happened, in order.
 * @param {TimelineEvent[]} events
 */
export function timelinePanel(events) {
  if (events.length === 0) return null
  return panel('Timeline', h('ol', { class: 'timeline' }, ...events.map(entry)))
}

/**
 * @param {TimelineEvent} event
 * @param {number} index
 * @param {TimelineEvent[]} all
 */
function entry(event, index, all) {
  const before = all[index - 1]
  const later = before ? (Date.parse(event.at) - Date.parse(before.at)) / 1000 : 0
  const { title, text } = inWords(event)
  return h(
    'li',
    { 'data-kind': event.kind },
    h(
      'div',
      { class: 'timeline-head' },
      h('strong', {}, title),
      later >= 0.05 && h('span', { class: 'later' }, `+ ${span(later)}`),
      h('time', { datetime: event.at, title: fullTime(event.at) }, timeOfDay(event.at)),
    ),
    text && h('p', {}, text),
  )
}

/** @type {Record<string, (data: any) => { title: string, text: string }>} */
const known = {
  submitted: (data) => ({
    title: 'Submitted',
    text: [data.source === 'url' ? 'From an address' : 'From an upload', priorityWords(data.priority)]
      .filter(Boolean)
      .join(', '),
  }),
  fetched: (data) => ({ title: 'Fetched', text: `${bytes(data.bytes)} copied into the bucket` }),
  planned: (data) => ({
    title: 'Planned',
    text: [list(data.rungs), data.chunks ? `in ${data.chunks} ${data.chunks === 1 ? 'chunk' : 'chunks'}` : '']
      .filter(Boolean)
      .join(' '),
  }),
  replanned: (data) => ({ title: 'Planned again', text: plainFacts(data) }),
  retried: (data) => ({
    title: 'Tried again',
    text: data.source_changed
      ? 'The source is another one now, so everything starts over'
      : 'Finished work is kept',
  }),
  failed: (data) => ({
    title: 'Failed',
    text: [data.message, data.code && `(${data.code})`].filter(Boolean).join(' '),
  }),
  cancelled: () => ({ title: 'Cancelled', text: '' }),
  completed: () => ({ title: 'Completed', text: 'Every rung checked' }),
}

/** @param {TimelineEvent} event an event this page has never heard of is shown as it is */
function inWords(event) {
  const words = Object.hasOwn(known, event.kind) ? known[event.kind] : undefined
  return words ? words(event.data ?? {}) : { title: humanise(event.kind), text: plainFacts(event.data ?? {}) }
}

/** @param {unknown} names */
const list = (names) => (Array.isArray(names) ? names.join(', ') : '')

/** @param {unknown} priority */
const priorityWords = (priority) => (priority && priority !== 'normal' ? `${priority} priority` : '')

/** @param {Record<string, unknown>} data */
function plainFacts(data) {
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== '')
    .map(
      ([name, value]) =>
        `${humanise(name).toLowerCase()}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    .join(', ')
}
