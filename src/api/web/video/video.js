// @ts-check
import { findVideo } from '../base/api.js'
import { notify } from '../base/dialogs.js'
import { fill, h } from '../base/dom.js'
import { nameOf } from '../base/format.js'
import { openFeed } from '../base/progress-feed.js'
import { createReader } from './reader.js'
import { createVideoPage } from './video-page.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */
/** @typedef {import('./video-header.js').Action} Action */

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * One video: its player, how far it is, what was made of it and what happened.
 * @param {HTMLElement} root
 * @param {{ id: string, onLive: (live: boolean | null) => void }} options
 * @returns {() => void} ends it
 */
export function videoView(root, { id, onLive }) {
  if (!uuid.test(id)) {
    fill(root, notHere('This address names no video.'))
    return () => {}
  }
  /** @type {Video | null} */
  let video = null
  /** What the feed last said beyond numbers; the rest is read again when it changes. */
  let phase = ''
  let over = false
  let closeFeed = () => {}

  const page = createVideoPage(id, { onActing, onActed })
  const reader = createReader(read, notify)
  document.title = 'Stepladder'
  reader.again()
  follow()
  return end

  function follow() {
    closeFeed = openFeed(`/progress?ids=${id}`, {
      onSnapshot,
      onDeleted: gone,
      onBack: reader.again,
      onLive,
    })
  }

  /** @param {AbortSignal} signal */
  async function read(signal) {
    const next = await findVideo(id, signal)
    signal.throwIfAborted()
    if (!next) return gone()
    if (!video) fill(root, ...page.elements)
    video = next
    page.setVideo(next)
    document.title = `${nameOf(next)} – Stepladder`
    await page.readMore(next, signal)
  }

  /** @param {Snapshot} snapshot */
  function onSnapshot(snapshot) {
    const before = phase
    phase = [snapshot.status, snapshot.stage, snapshot.chunks.done, snapshot.chunks.running].join()
    page.setProgress(snapshot, video)
    const percent = snapshot.status === 'processing' ? `${Math.floor(snapshot.percent)}% · ` : ''
    if (video) document.title = `${percent}${nameOf(video)} – Stepladder`
    if (phase !== before) reader.again()
  }

  /**
   * What goes on while a video is stopped or removed is of no interest, and asking for it, as its player does
   * again and again, would be answered by 404.
   * @param {Action} action
   */
  function onActing(action) {
    if (action === 'retry') return
    page.stop()
    if (action === 'cancel') return
    closeFeed()
    reader.stop()
  }

  /**
   * @param {Action} action
   * @param {boolean} done
   */
  function onActed(action, done) {
    if (action !== 'delete') return reader.again()
    if (done) {
      location.hash = '#/'
      return
    }
    reader.again()
    follow()
  }

  /** Deleted by somebody else, or long ago. */
  function gone() {
    if (over) return
    end()
    onLive(null)
    fill(root, notHere(video ? `“${nameOf(video)}” was deleted.` : 'It was deleted, or never was.'))
    document.title = 'Stepladder'
    root.querySelector('h1')?.focus({ preventScroll: true })
  }

  function end() {
    over = true
    closeFeed()
    reader.stop()
    page.stop()
  }
}

/** @param {string} why */
function notHere(why) {
  return h(
    'div',
    { class: 'empty' },
    h('h1', { tabindex: -1 }, 'This video is not here'),
    h('p', {}, why),
    h('a', { class: 'button', href: '#/' }, 'All videos'),
  )
}
