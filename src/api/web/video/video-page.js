// @ts-check
import { getEvents } from '../base/api.js'
import { fill, h } from '../base/dom.js'
import { createAtWork } from './at-work.js'
import { checksPanel } from './checks-panel.js'
import { planPanel } from './plan-panel.js'
import { createProgressPanel } from './progress-panel.js'
import { renditionsPanel } from './renditions.js'
import { createRunsPanel } from './runs-panel.js'
import { sourcePanel } from './source-panel.js'
import { createStage } from './stage.js'
import { timelinePanel } from './timeline.js'
import { usePanel } from './use-panel.js'
import { createHeader } from './video-header.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

/**
 * The parts of the page of one video, and what each of them is told.
 * @param {string} id
 * @param {import('./video-header.js').ActionListener} listener
 */
export function createVideoPage(id, listener) {
  const header = createHeader({ id, ...listener })
  const atWork = createAtWork(id)
  const progress = createProgressPanel(atWork.element)
  const stage = createStage()
  const runs = createRunsPanel(id)
  const [renditions, use, plan, source] = [section(), section(), section(), section()]
  const [checks, timeline] = [section(), section()]
  const columns = h(
    'div',
    { class: 'columns' },
    h('div', {}, plan.element, checks.element),
    h('div', {}, source.element, timeline.element),
  )
  const elements = [
    header.element,
    stage.element,
    progress.element,
    renditions.element,
    use.element,
    columns,
    runs.element,
  ]
  return { elements, setVideo, readMore, setProgress, stop: stage.destroy }

  /** @param {Video} video */
  function setVideo(video) {
    header.setVideo(video)
    progress.setVideo(video)
    stage.setVideo(video)
    renditions.show(renditionsPanel(video))
    use.show(usePanel(video))
    plan.show(planPanel(video))
    source.show(sourcePanel(video))
    checks.show(checksPanel(video))
  }

  /**
   * What the video itself does not tell: its timeline, and who works or worked on it.
   * @param {Video} video
   * @param {AbortSignal} signal
   */
  async function readMore({ status }, signal) {
    const events = await getEvents(id, signal)
    timeline.show(timelinePanel(events))
    await runs.load(signal)
    if (status === 'failed') await header.loadLog(signal)
    if (status === 'processing') await atWork.load(signal)
    else atWork.clear()
  }

  /**
   * @param {Snapshot} snapshot
   * @param {Video | null} video
   */
  function setProgress(snapshot, video) {
    header.setStatus(snapshot.status)
    progress.setProgress(snapshot)
    stage.setProgress(snapshot, video)
    // There is nothing to play any more, and the player would go on asking for it.
    if (snapshot.status === 'failed' || snapshot.status === 'cancelled') stage.destroy()
  }
}

/** A part of the page that is put in again only where it differs: what somebody opened or focused stays. */
function section() {
  const element = h('div')
  /** @type {Node | null} */
  let made = null
  return {
    element,
    /** @param {Node | null} next */
    show(next) {
      if (made && next?.isEqualNode(made)) return
      made = next?.cloneNode(true) ?? null
      fill(element, next)
    },
  }
}
