// @ts-check
import { h, setText } from '../base/dom.js'
import { count, span } from '../base/format.js'

/** @typedef {import('./types.js').System} System */

/** The four numbers that one looks at first. */
export function createTiles() {
  const slots = createTile('Slots at work')
  const waiting = createTile('Tasks waiting')
  const speed = createTile('Speed')
  const failed = createTile('Failed in 24 hours')
  const element = h('dl', { class: 'tiles' }, ...[slots, waiting, speed, failed].map((tile) => tile.element))

  /** @param {System} system */
  function set({ at, workers, queue, failures, speed: made }) {
    const all = workers.reduce((sum, worker) => sum + worker.slots, 0)
    const busy = workers.reduce((sum, worker) => sum + worker.tasks.length, 0)
    slots.set(`${count(busy)} of ${count(all)}`, plural(workers.length, 'worker'))
    const tasks = queue.reduce((sum, { tasks_waiting }) => sum + tasks_waiting, 0)
    const oldest = queue.flatMap(({ oldest_queued_at }) => oldest_queued_at ?? []).toSorted()[0]
    waiting.set(count(tasks), oldest ? `the oldest video for ${age(at, oldest)}` : 'no video is waiting')
    speed.set(made === null ? '–' : `${made.toFixed(made > 0 && made < 10 ? 1 : 0)}×`, speedInWords(made))
    const videos = failures.reduce((sum, failure) => sum + failure.videos, 0)
    failed.set(count(videos), videos === 0 ? 'nothing failed' : plural(failures.length, 'reason'))
  }
  return { element, set }
}

/** @param {string} title */
function createTile(title) {
  const value = h('strong')
  const note = h('span', { class: 'tile-note' })
  const element = h('div', { class: 'tile' }, h('dt', {}, title), h('dd', {}, value, note))
  return {
    element,
    /**
     * @param {string} text
     * @param {string} about
     */
    set(text, about) {
      setText(value, text)
      setText(note, about)
    },
  }
}

/** @param {number | null} made */
function speedInWords(made) {
  if (made === null) return 'Redis does not answer'
  return made === 0 ? 'no film is being made' : 'seconds of film a second'
}

/**
 * How long something has lasted, by the clock of the server.
 * @param {string} now
 * @param {string} since
 */
export function age(now, since) {
  const seconds = Math.round((Date.parse(now) - Date.parse(since)) / 1000)
  return seconds < 1 ? 'a moment' : span(seconds).replace('.0 s', ' s')
}

/**
 * @param {number} amount
 * @param {string} word
 */
export const plural = (amount, word) => `${count(amount)} ${word}${amount === 1 ? '' : 's'}`
