// @ts-check
import { ApiError, getEvents, getVideo } from '../base/api.js'
import { notify } from '../base/dialogs.js'
import { fill, h } from '../base/dom.js'
import { nameOf } from '../base/format.js'
import { openFeed } from '../base/progress-feed.js'
import { createProgressPanel } from './progress-panel.js'
import { renditionsPanel } from './renditions.js'
import { planPanel, sourcePanel } from './source-panels.js'
import { createStage } from './stage.js'
import { createTimeline } from './timeline.js'
import { createHeader } from './video-header.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

/**
 * One video: its player, how far it is, what was made of it and what happened.
 * @param {HTMLElement} root
 * @param {{ id: string, onLive: (live: boolean | null) => void }} options
 * @returns {() => void} ends it
 */
export function videoView(root, { id, onLive }) {
  /** @type {Video | null} */
  let video = null
  let ended = false
  let closeFeed = () => {}
  let reading = new AbortController()
  /** What the feed last said beyond numbers; the rest is read again when it changes. */
  let phase = ''

  const header = createHeader({ id, onDeleting, onActed })
  const progress = createProgressPanel()
  const stage = createStage()
  const timeline = createTimeline()
  const [renditions, plan, source] = [section(), section(), section()]
  const details = h(
    'div',
    { class: 'columns' },
    h('div', {}, plan.element, source.element),
    h('div', {}, timeline.element),
  )
  void start()
  return () => {
    ended = true
    closeFeed()
    reading.abort()
    stage.destroy()
  }

  async function start() {
    try {
      video = await getVideo(id, reading.signal)
    } catch (error) {
      if (!ended) fill(root, notFound(error))
      return
    }
    if (ended) return
    fill(root, header.element, stage.element, progress.element, renditions.element, details)
    setVideo(video)
    void loadTimeline()
    follow()
  }

  function follow() {
    closeFeed()
    if (video && isOver(video.status)) return onLive(null)
    closeFeed = openFeed(
      `/progress/${encodeURIComponent(id)}`,
      { onSnapshot, onDeleted: gone, onBack: load, onLive },
      { single: true },
    )
  }

  async function load() {
    const { signal } = reading
    try {
      const next = await getVideo(id, signal)
      if (signal.aborted) return
      setVideo(next)
      void loadTimeline()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === 404) gone()
      else notify(error)
    }
  }

  async function loadTimeline() {
    const { signal } = reading
    const events = await getEvents(id, signal).catch(() => []) // without it the page is still whole
    if (!signal.aborted && events.length > 0) timeline.set(events)
  }

  /** @param {Video} next */
  function setVideo(next) {
    video = next
    header.setVideo(next)
    progress.setVideo(next)
    stage.setVideo(next)
    renditions.show(renditionsPanel, next)
    plan.show(planPanel, next)
    source.show(sourcePanel, next)
    document.title = `${nameOf(next)} – Stepladder`
  }

  /** @param {Snapshot} snapshot */
  function onSnapshot(snapshot) {
    header.setStatus(snapshot.status)
    progress.setProgress(snapshot)
    stage.setProgress(snapshot, video)
    const percent = snapshot.status === 'processing' ? `${Math.floor(snapshot.percent)}% · ` : ''
    if (video) document.title = `${percent}${nameOf(video)} – Stepladder`
    const now = [snapshot.status, snapshot.stage, snapshot.chunks.done].join()
    if (now !== phase) void load()
    phase = now
    if (isOver(snapshot.status)) onLive(null)
  }

  /**
   * What goes on while a video is removed is of no interest, and asking for it would be answered by 404.
   * @param {boolean} now
   */
  function onDeleting(now) {
    closeFeed()
    reading.abort()
    reading = new AbortController()
    if (now) return stage.destroy()
    if (video) stage.setVideo(video)
    follow()
  }

  /** @param {'cancel' | 'retry' | 'delete'} action */
  async function onActed(action) {
    if (action === 'delete') return gone()
    await load()
    follow()
  }

  function gone() {
    if (!ended) location.hash = '#/'
  }
}

/** A part of the page that is put in again only where it differs: a link in use keeps the focus. */
function section() {
  const element = h('div')
  return {
    element,
    /**
     * @template Value
     * @param {(value: Value) => Node | null} render
     * @param {Value} value
     */
    show(render, value) {
      const made = render(value)
      if (!made || !element.firstChild?.isEqualNode(made)) fill(element, made)
    },
  }
}

/** @param {Video['status']} status */
function isOver(status) {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

/** @param {unknown} error */
function notFound(error) {
  return h(
    'div',
    { class: 'empty' },
    h('h1', { tabindex: -1 }, 'This video is not here'),
    h('p', {}, error instanceof Error ? error.message : String(error)),
    h('a', { class: 'button', href: '#/' }, 'All videos'),
  )
}
