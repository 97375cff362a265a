// @ts-check
import { h } from '../base/dom.js'
import { fullTime, timeOfDay } from '../base/format.js'
import { panel } from '../base/widgets.js'
import { eventInWords } from './timeline-words.js'

/** @typedef {import('../base/types.js').TimelineEvent} TimelineEvent */

/** What happened, in order. Null where nothing did. @param {TimelineEvent[]} events */
export function timelinePanel(events) {
  return events.length === 0 ? null : panel('Timeline', h('ol', { class: 'timeline' }, ...events.map(entry)))
}

/** @param {TimelineEvent} event */
function entry(event) {
  const { title, text } = eventInWords(event)
  return h(
    'li',
    { 'data-kind': event.kind },
    h(
      'div',
      { class: 'timeline-head' },
      h('strong', {}, title),
      h('time', { datetime: event.at, title: fullTime(event.at) }, timeOfDay(event.at)),
    ),
    text && h('p', {}, text),
  )
}
