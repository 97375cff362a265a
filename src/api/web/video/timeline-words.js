// @ts-check
import { bytes, humanise, span } from '../base/format.js'

/** @typedef {import('../base/types.js').TimelineEvent} TimelineEvent */
/** @typedef {{ title: string, text: string, note: string }} Words */

/** @type {Record<string, (data: any) => [title: string, text: string]>} */
const events = {
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
  replanned: (data) => ['Planned again', plainFacts(data)],
  retried: (data) => [
    'Tried again',
    data.source_changed
      ? 'The source is another one now, so everything starts over'
      : 'Finished work is kept',
  ],
  failed: (data) => ['Failed', [data.message, data.code && `(${data.code})`].filter(Boolean).join(' ')],
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
  const words = Object.hasOwn(events, kind) ? events[kind] : undefined
  const [title, text] = words ? words(data) : [humanise(kind), plainFacts(data)]
  return { title, text, note: '' }
}

/** @type {Record<string, (position: number) => string>} */
const tasks = {
  fetch: () => 'Fetch',
  plan: () => 'Plan',
  video: (position) => `Chunk ${position + 1}`,
  audio: (position) => `Audio ${position + 1}`,
  subtitle: (position) => `Subtitle ${position + 1}`,
  mp4: (position) => `MP4 ${position + 1}`,
  finish: () => 'Final check',
}

/** @type {Record<string, string>} */
const outcomes = {
  done: 'done',
  released: 'given back',
  retried: 'will be tried again',
  failed: 'failed',
  lost: 'worker lost',
  cancelled: 'stopped',
}

/**
 * One run of one task by one worker.
 * @param {any} data
 * @returns {Words}
 */
export function runInWords(data) {
  const task = Object.hasOwn(tasks, data.task) ? tasks[data.task] : undefined
  const seconds = data.ended_at ? (Date.parse(data.ended_at) - Date.parse(data.started_at)) / 1000 : null
  const outcome = data.outcome ? (outcomes[data.outcome] ?? data.outcome) : 'running'
  const facts = [
    `on ${data.worker}`,
    data.first_idx ? `resumed at segment ${data.first_idx + 1}` : '',
    data.error ? `${data.error.message ?? ''} (${data.error.code})` : '',
  ]
  return {
    title: task ? task(Number(data.position)) : `${humanise(String(data.task))} ${data.position}`,
    note: seconds === null ? outcome : `${outcome} after ${span(seconds)}`.replace('done after', 'done in'),
    text: facts.filter(Boolean).join(' · '),
  }
}

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
