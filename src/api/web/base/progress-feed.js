// @ts-check
import { checkSession } from './session.js'

/** @typedef {import('./types.js').Snapshot} Snapshot */

const reopenMs = 3000
const hiddenMs = 10_000

/**
 * @typedef {object} Listener
 * @property {(snapshot: Snapshot) => void} onSnapshot each a whole one, newer than the one before
 * @property {(videoId: string) => void} onDeleted
 * @property {() => void} onBack the feed is back after a gap in which anything may have happened
 * @property {(live: boolean) => void} onLive
 */

/**
 * Follows `GET /progress` of all or some videos until closed. EventSource comes back by itself after a
 * broken connection, but gives up for good after an HTTP error, so that is opened again here. A tab nobody
 * looks at hangs up: a browser allows six connections to one server, so a seventh tab would get nothing.
 * @param {string} address
 * @param {Listener} listener
 * @returns {() => void} closes it
 */
export function openFeed(address, listener) {
  /** @type {EventSource | null} */
  let source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let gap = false
  let over = false
  /** @type {Map<string, number>} */
  const seen = new Map()

  open()
  document.addEventListener('visibilitychange', onVisibility)
  return stop

  function open() {
    source = new EventSource(address)
    source.addEventListener('open', () => {
      listener.onLive(true)
      if (gap) listener.onBack()
      gap = false
    })
    source.addEventListener('error', () => {
      gap = true
      listener.onLive(false)
      if (source?.readyState !== EventSource.CLOSED) return
      hangUp()
      timer = setTimeout(open, reopenMs)
      // An event stream does not say why it was refused.
      void checkSession()
    })
    source.addEventListener('progress', onProgress)
    source.addEventListener('deleted', (event) => {
      listener.onDeleted(JSON.parse(event.data).video_id)
    })
  }

  /** @param {MessageEvent} event */
  function onProgress(event) {
    /** @type {Snapshot} */
    const snapshot = JSON.parse(event.data)
    if (snapshot.seq >= (seen.get(snapshot.video_id) ?? 0)) {
      seen.set(snapshot.video_id, snapshot.seq)
      listener.onSnapshot(snapshot)
    }
  }

  function onVisibility() {
    clearTimeout(timer)
    if (document.hidden) {
      timer = setTimeout(() => {
        gap = true
        hangUp()
      }, hiddenMs)
    } else if (!source) {
      open()
    }
  }

  function hangUp() {
    source?.close()
    source = null
  }

  function stop() {
    if (over) return
    over = true
    clearTimeout(timer)
    hangUp()
    document.removeEventListener('visibilitychange', onVisibility)
  }
}
