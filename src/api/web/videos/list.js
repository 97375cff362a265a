// @ts-check
import { getVideo, listVideos } from '../base/api.js'
import { notify, showSubmitDialog, submitGuide } from '../base/dialogs.js'
import { fill, h, icon, show } from '../base/dom.js'
import { openFeed } from '../base/progress-feed.js'
import { createRow } from './list-row.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

const filters = ['', 'processing', 'queued', 'completed', 'failed', 'cancelled']

const pageSize = 25
/** The most the API gives at once. */
const pageMax = 100

/**
 * All videos, newest first, live.
 * @param {HTMLElement} root
 * @param {{ status: string, onLive: (live: boolean) => void }} options
 * @returns {() => void} ends it
 */
export function listView(root, { status, onLive }) {
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map()
  /** Videos met in the feed that are not shown, by the status they were looked up in. @type {Map<string, string>} */
  const passedOver = new Map()
  /** @type {string | null} */
  let cursor = null
  let ended = false
  let loaded = false

  const list = h('ul', { class: 'rows', 'aria-label': 'Videos', 'aria-busy': true })
  const more = h('button', { type: 'button', class: 'button', onclick: () => load(cursor) }, 'Load more')
  const empty = h('div', { class: 'empty' })
  show(more, false)
  show(empty, false)
  fill(root, heading(status), list, empty, more)
  document.title = 'Stepladder'

  void load(null)
  const close = openFeed('/progress', {
    onSnapshot,
    onDeleted: remove,
    onBack: () => load(null),
    onLive,
  })
  return () => {
    ended = true
    close()
  }

  /** @param {string | null} from null = start again at the newest */
  async function load(from) {
    more.disabled = true
    try {
      const limit = from === null ? Math.min(pageMax, Math.max(pageSize, rows.size)) : pageSize
      const page = await listVideos({ status, cursor: from, limit })
      if (ended) return
      if (from === null) forgetAllBut(page.videos)
      cursor = page.next_cursor
      for (const video of page.videos) place(video)
      show(more, cursor !== null)
      loaded = true
      showEmpty()
    } catch (error) {
      if (!ended) notify(error)
    } finally {
      more.disabled = false
      list.setAttribute('aria-busy', 'false')
    }
  }

  /** @param {Video[]} videos */
  function forgetAllBut(videos) {
    const ids = new Set(videos.map((video) => video.id))
    for (const id of [...rows.keys()]) if (!ids.has(id)) remove(id)
    passedOver.clear()
  }

  /** Puts a video where its age belongs. @param {Video} video */
  function place(video) {
    const known = rows.get(video.id)
    if (known) return known.update(video)
    const row = createRow(video)
    rows.set(video.id, row)
    const last = lastShown()
    const older = last && isOlder(last, video) ? shown().find((other) => isOlder(other.video, video)) : null
    list.insertBefore(row.element, older?.element ?? null)
    showEmpty()
  }

  /** The rows from the top down. */
  function shown() {
    return [...list.querySelectorAll('li')].flatMap((item) => rows.get(item.dataset.id ?? '') ?? [])
  }

  function lastShown() {
    const item = list.lastElementChild
    return item instanceof HTMLElement ? rows.get(item.dataset.id ?? '')?.video : undefined
  }

  /** @param {Snapshot} snapshot */
  function onSnapshot(snapshot) {
    const id = snapshot.video_id
    if (status && snapshot.status !== status) return remove(id)
    const row = rows.get(id)
    if (!row) return meet(snapshot)
    const changed = row.video.status !== snapshot.status
    row.video = { ...row.video, status: snapshot.status }
    row.progress(snapshot)
    if (changed) void refresh(id)
  }

  /** A video not on the page: a new one, or one of a later page. @param {Snapshot} snapshot */
  async function meet(snapshot) {
    const id = snapshot.video_id
    if (passedOver.get(id) === snapshot.status) return
    passedOver.set(id, snapshot.status)
    const video = await getVideo(id).catch(() => null) // gone already: nothing to show
    if (!video || ended || rows.has(id) || (status && video.status !== status)) return
    const last = lastShown()
    if (cursor !== null && last && isOlder(video, last)) return
    place(video)
    rows.get(id)?.progress(snapshot)
  }

  /** @param {string} id */
  async function refresh(id) {
    const video = await getVideo(id).catch(() => null) // deleted meanwhile: the feed says so too
    if (video && !ended) rows.get(id)?.update(video)
  }

  /** @param {string} id */
  function remove(id) {
    rows.get(id)?.element.remove()
    rows.delete(id)
    passedOver.delete(id)
    showEmpty()
  }

  function showEmpty() {
    const none = rows.size === 0 && loaded
    if (none && !empty.firstChild) fill(empty, ...(status ? nothingHere(status) : welcome()))
    show(empty, none)
  }
}

/**
 * @param {Video} a
 * @param {Video} b
 */
function isOlder(a, b) {
  return a.created_at === b.created_at ? a.id < b.id : Date.parse(a.created_at) < Date.parse(b.created_at)
}

/** @param {string} status */
function heading(status) {
  const tabs = filters.map((name) =>
    h(
      'a',
      { href: name ? `#/?status=${name}` : '#/', 'aria-current': name === status ? 'page' : null },
      name ? name.charAt(0).toUpperCase() + name.slice(1) : 'All',
    ),
  )
  return h(
    'div',
    { class: 'list-head' },
    h('h1', { tabindex: -1 }, 'Videos'),
    h(
      'button',
      { type: 'button', class: 'button primary', onclick: showSubmitDialog },
      icon('plus'),
      'Submit a video',
    ),
    h('nav', { class: 'tabs', 'aria-label': 'Filter by status' }, ...tabs),
  )
}

/** @param {string} status */
function nothingHere(status) {
  return [h('p', { class: 'quiet' }, `No video is ${status} right now.`)]
}

function welcome() {
  return [
    h('h2', {}, 'No videos yet'),
    h('p', {}, 'Hand one in from a terminal and it appears here by itself, playing before it is done.'),
    submitGuide(),
  ]
}
