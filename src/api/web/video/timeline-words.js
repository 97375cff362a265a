// @ts-check
import { bytes, humanise } from '../base/format.js'
import { singleChunkWords } from './plan-words.js'

/** @typedef {import('../base/types.js').TimelineEvent} TimelineEvent */
/** @typedef {{ title: string, text: string }} Words */

/** @type {Record<string, (data: any) => [title: string, text: string | undefined]>} */
export const eventWords = {
  submitted: (data) => [
    'Submitted',
    [data.source === 'url' ? 'From an address' : 'From an upload', priorityWords(data.priority)]
      .filter(Boolean)
      .join(', '),
  ],
  fetched: (data) => ['Fetched', `${bytes(data.bytes)} copied into the bucket`],
  planned: (data) => [
    'Planned',
    [names(data.rungs), data.chunks ? plural(data.chunks, 'chunk') : ''].filter(Boolean).join(' in '),
  ],
  replanned: (data) => [
    'Planned again',
    Object.hasOwn(singleChunkWords, data.code) ? singleChunkWords[data.code] : faultWords(data),
  ],
  track_skipped: (data) => ['A track is left out', faultWords(data)],
  quality_skipped: (data) => [
    'Figures are left out',
    [typeof data.chunk === 'number' ? `Chunk ${data.chunk + 1}:` : '', faultWords(data)]
      .filter(Boolean)
      .join(' '),
  ],
  retried: (data) => [
    'Tried again',
    data.source_changed
      ? 'The source is another one now, so everything starts over'
      : 'Finished work is kept',
  ],
  failed: (data) => ['Failed', faultWords(data)],
  cancelled: () => ['Cancelled', ''],
  source_damaged: (data) => [
    'Damaged source',
    [data.message, 'what there is was kept'].filter(Boolean).join('; '),
  ],
  completed: () => ['Completed', 'Every rung was checked'],
}

/**
 * An event this page has never heard of is shown as it is.
 * @param {TimelineEvent} event
 * @returns {Words}
 */
export function eventInWords({ kind, data }) {
  const words = Object.hasOwn(eventWords, kind) ? eventWords[kind] : undefined
  const [title, text] = words ? words(data) : [humanise(kind), plainFacts(data)]
  return { title, text: text ?? '' }
}

/** @param {{ message?: string, code?: string }} data */
const faultWords = ({ message, code }) => [message, code && `(${code})`].filter(Boolean).join(' ')

/** @param {unknown} list */
const names = (list) => (Array.isArray(list) ? list.join(', ') : '')

/** @param {unknown} priority */
const priorityWords = (priority) => (priority && priority !== 'normal' ? `${priority} priority` : '')

/**
 * @param {number} amount
 * @param {string} word
 */
const plural = (amount, word) => `${amount} ${word}${amount === 1 ? '' : 's'}`

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
