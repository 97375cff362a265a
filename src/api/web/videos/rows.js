// @ts-check
import { h } from '../base/dom.js'
import { createRow } from './list-row.js'

/** @typedef {import('../base/types.js').Video} Video */

const moveMs = 180

/**
 * The rows by age, the latest first. One that comes or goes by itself opens or closes its gap, so that
 * what a person is about to press does not jump.
 * @param {{ onRetry: (id: string) => Promise<void> }} options
 */
export function createRows({ onRetry }) {
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map()
  const element = h('ul', { class: 'rows', 'aria-label': 'Videos' })
  return {
    element,
    get: (/** @type {string} */ id) => rows.get(id),
    size: () => rows.size,
    last: () => shown().at(-1)?.video,
    place,
    keepOnly,
    leave,
  }

  /**
   * Puts a video where its age belongs, or its news into its row.
   * @param {Video} video
   * @param {{ moving?: boolean }} [how]
   */
  function place(video, { moving = false } = {}) {
    const known = rows.get(video.id)
    if (known) return known.update(video)
    const row = createRow(video, { onRetry })
    const older = shown().find((other) => isOlder(other.video, video))
    rows.set(video.id, row)
    element.insertBefore(row.element, older?.element ?? null)
    if (moving) void move(row.element, { from: 0 })
  }

  /** Forgets all other rows at once. @param {Video[]} videos */
  function keepOnly(videos) {
    const ids = new Set(videos.map((video) => video.id))
    for (const [id, row] of rows) {
      if (ids.has(id)) continue
      rows.delete(id)
      row.element.remove()
    }
  }

  /** @param {string} id */
  async function leave(id) {
    const row = rows.get(id)
    if (!row) return
    rows.delete(id)
    row.element.inert = true
    delete row.element.dataset.id
    await move(row.element, { to: 0 })
    row.element.remove()
  }

  /** The rows from the top down, without those that are leaving. */
  function shown() {
    return [...element.querySelectorAll('li')].flatMap((item) => rows.get(item.dataset.id ?? '') ?? [])
  }
}

/**
 * @param {Video} a
 * @param {Video} b
 */
export function isOlder(a, b) {
  return a.created_at === b.created_at ? a.id < b.id : Date.parse(a.created_at) < Date.parse(b.created_at)
}

/**
 * Opens a row from nothing, or closes it to nothing.
 * @param {HTMLElement} item
 * @param {{ from?: number, to?: number }} ends heights in pixels; its own unless given
 */
async function move(item, { from = item.offsetHeight, to = item.offsetHeight }) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  const frames = [from, to].map((height) => ({
    height: `${height}px`,
    opacity: height === 0 ? 0 : 1,
    overflow: 'hidden',
  }))
  // A tab in the background plays nothing, and would wait for ever.
  if (document.hidden) return
  await item.animate(frames, { duration: moveMs, easing: 'ease-out' }).finished.catch(() => {})
}
