// @ts-check
import { act, findVideos, listVideos } from '../base/api.js'
import { notify } from '../base/dialogs.js'
import { fill, h, show } from '../base/dom.js'
import { openFeed } from '../base/progress-feed.js'
import { addressOf, createHead } from './list-head.js'
import { emptyNote, failureNote, skeleton } from './list-notes.js'
import { createLookUps } from './look-ups.js'
import { createRows, isOlder } from './rows.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

const pageSize = 25
/** The most the API gives at once. */
const pageMax = 100

/**
 * All videos or those that meet the filter, newest first, live.
 * @param {HTMLElement} root
 * @param {import('../base/api.js').Filter & { onLive: (live: boolean) => void }} options
 * @returns {() => void} ends it
 */
export function listView(root, { status, words, onLive }) {
  let filter = { status, words }
  /** @type {string | null} */
  let cursor = null
  /** The reading under way, which what the feed tells waits for. */
  let reading = new AbortController()
  /** @type {Promise<void>} */
  let read = Promise.resolve()
  /** Videos met in the feed that do not belong here, by how far they were. @type {Map<string, string>} */
  const passedOver = new Map()
  /** What the feed last said of those that are being looked up. @type {Map<string, Snapshot>} */
  const told = new Map()
  /** Deleted while a page was on its way. @type {Set<string>} */
  const gone = new Set()

  const head = createHead(filter, search)
  const rows = createRows({ onRetry })
  const lookUps = createLookUps(lookUp)
  const more = h('button', { type: 'button', class: 'button load-more', onclick: loadMore }, 'Load more')
  const note = h('div', {}, skeleton())
  show(more, false)
  fill(root, head.element, rows.element, note, more)
  document.title = 'Stepladder'

  reload()
  const close = openFeed('/progress', { onSnapshot, onDeleted, onBack: reload, onLive })
  return () => {
    close()
    head.end()
    lookUps.end()
    reading.abort()
  }

  /** @param {string} next */
  function search(next) {
    if (next === filter.words) return
    filter = { ...filter, words: next }
    // No entry in the history for each word; whoever comes back finds the last one.
    history.replaceState(null, '', addressOf(filter))
    reload()
  }

  /** Reads again what is shown, from the newest on. */
  function reload() {
    reading.abort()
    reading = new AbortController()
    read = readShown(reading.signal)
  }

  /** @param {AbortSignal} signal */
  async function readShown(signal) {
    rows.element.setAttribute('aria-busy', 'true')
    gone.clear()
    passedOver.clear()
    try {
      const wanted = Math.max(pageSize, rows.size())
      /** @type {Video[]} */
      const videos = []
      let next = null
      do {
        const limit = Math.min(pageMax, wanted - videos.length)
        const page = await listVideos({ ...filter, cursor: next, limit }, signal)
        videos.push(...page.videos)
        next = page.next_cursor
      } while (next && videos.length < wanted)
      rows.keepOnly(videos)
      take({ videos, next_cursor: next })
    } catch (error) {
      if (!signal.aborted) refused(error)
    }
  }

  async function loadMore() {
    const { signal } = reading
    more.disabled = true
    try {
      take(await listVideos({ ...filter, cursor, limit: pageSize }, signal))
    } catch (error) {
      if (!signal.aborted) notify(error)
    } finally {
      more.disabled = false
    }
  }

  /** @param {{ videos: Video[], next_cursor: string | null }} page */
  function take(page) {
    cursor = page.next_cursor
    for (const video of page.videos) if (!gone.has(video.id)) rows.place(video)
    rows.element.setAttribute('aria-busy', 'false')
    showNote()
  }

  /** @param {unknown} error */
  function refused(error) {
    rows.element.setAttribute('aria-busy', 'false')
    if (rows.size() > 0) return notify(error)
    fill(note, failureNote(error instanceof Error ? error.message : String(error), reload))
  }

  /** @param {Snapshot} snapshot */
  function onSnapshot(snapshot) {
    const id = snapshot.video_id
    const row = rows.get(id)
    const changed = row?.video.status !== snapshot.status
    row?.progress(snapshot)
    if (filter.status && snapshot.status !== filter.status) return leave(id)
    if (row ? changed : isNews(snapshot)) lookUps.want(id)
    else if (!told.has(id)) return
    told.set(id, snapshot)
  }

  /** Whether a video that is not shown might belong here now. A title may come with the plan. @param {Snapshot} snapshot */
  function isNews({ video_id: id, status, stage }) {
    const phase = `${status} ${stage}`
    if (passedOver.get(id) === phase) return false
    if (status === 'queued' || status === 'processing') passedOver.set(id, phase)
    else passedOver.delete(id)
    return true
  }

  /** @param {string[]} ids */
  async function lookUp(ids) {
    // One reading may follow upon another.
    let waited = null
    while (waited !== read) {
      waited = read
      await waited
    }
    const { signal } = reading
    try {
      const found = await findVideos(ids, filter, signal)
      const left = new Set(ids)
      for (const video of found) {
        left.delete(video.id)
        if (belongs(video)) rows.place(video, { moving: true })
        const snapshot = told.get(video.id)
        if (snapshot) rows.get(video.id)?.progress(snapshot)
      }
      for (const id of left) leave(id)
      showNote()
    } catch {
      // The next change of each asks again, and so does the reading after a gap.
    } finally {
      for (const id of ids) told.delete(id)
    }
  }

  /** Whether it is shown, or new, or at least not older than all that is. @param {Video} video */
  function belongs(video) {
    if (gone.has(video.id)) return false
    const last = rows.last()
    return cursor === null || !last || rows.get(video.id) !== undefined || !isOlder(video, last)
  }

  /** @param {string} id */
  function onDeleted(id) {
    gone.add(id)
    passedOver.delete(id)
    lookUps.forget(id)
    leave(id)
  }

  /** @param {string} id */
  function leave(id) {
    void rows.leave(id)
    if (rows.size() === 0 && cursor !== null) reload()
    else showNote()
  }

  function showNote() {
    show(more, cursor !== null)
    if (rows.size() > 0) return fill(note)
    if (rows.element.getAttribute('aria-busy') === 'true') return
    const empty = emptyNote(filter, head.clear)
    if (!note.firstChild?.isEqualNode(empty)) fill(note, empty)
  }

  /** @param {string} id */
  async function onRetry(id) {
    try {
      await act(id, 'retry')
    } catch (error) {
      notify(error)
    }
  }
}
