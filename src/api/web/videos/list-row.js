// @ts-check
import { fill, h, setText, show } from '../base/dom.js'
import { bytes, clock, fps, humanise, nameOf, span, speed, stageInWords, timeLeft } from '../base/format.js'
import { createBar, createPill, timeAgo } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

/**
 * One line of the list: a link to the video, with a bar while it is being made.
 * @param {Video} video
 */
export function createRow(video) {
  const pill = createPill()
  const bar = createBar(`Progress of ${nameOf(video)}`)
  const percent = h('strong', { class: 'percent' })
  const title = h('span', { class: 'row-title', dir: 'auto' })
  const details = h('span', { class: 'row-details parts' })
  const live = h('span', { class: 'row-live' })
  const link = h(
    'a',
    { class: 'row', href: `#/videos/${video.id}` },
    h('span', { class: 'row-name' }, title, details),
    h('span', { class: 'row-state' }, percent, pill.element),
    bar.element,
    live,
  )
  const element = h('li', { 'data-id': video.id }, link)
  const row = { element, video, update, progress }
  update(video)
  return row

  /** @param {Video} next */
  function update(next) {
    row.video = next
    setText(title, nameOf(next))
    title.title = nameOf(next)
    fill(details, ...separated([...summary(next), timeAgo(next.created_at)]))
    setStatus(next.status)
    if (next.status === 'processing' && !percent.textContent) bar.set(null)
    if (next.status === 'queued') setText(live, queuedWords(next.queue_position))
    if (next.status === 'completed') setText(live, outcomeWords(next))
    if (next.status === 'cancelled') setText(live, '')
    if (next.error) setText(live, next.error.message)
  }

  /** @param {Snapshot} snapshot */
  function progress(snapshot) {
    setStatus(snapshot.status)
    bar.set(snapshot.percent)
    setText(percent, snapshot.status === 'processing' ? `${Math.floor(snapshot.percent)}%` : '')
    if (snapshot.status !== 'completed') setText(live, liveWords(snapshot))
  }

  /** @param {Video['status']} status */
  function setStatus(status) {
    element.dataset.status = status
    pill.set(status)
    show(bar.element, status === 'processing')
    show(percent, status === 'processing')
  }
}

/** @param {Snapshot} snapshot */
function liveWords(snapshot) {
  if (snapshot.error) return snapshot.error.message
  if (snapshot.status === 'queued' && snapshot.stage === 'queued') return queuedWords(snapshot.queue_position)
  const parts = [
    stageInWords(snapshot.stage),
    timeLeft(snapshot.eta_s),
    snapshot.speed ? speed(snapshot.speed) : '',
    snapshot.fps ? fps(snapshot.fps) : '',
  ]
  return parts.filter(Boolean).join(' · ')
}

/** What came out of it, and how fast. @param {Video} video */
function outcomeWords({ resolutions, timings }) {
  const size = resolutions.reduce((sum, rung) => sum + (rung.size_bytes ?? 0), 0)
  const rungs = resolutions.length === 1 ? '1 rung' : `${resolutions.length} rungs`
  const parts = [
    timings.processing_s ? `Made in ${span(timings.processing_s)}` : '',
    resolutions.length ? `${rungs}, ${bytes(size)}` : '',
  ]
  return parts.filter(Boolean).join(' · ')
}

/** @param {number | null | undefined} position 1 = the next one */
function queuedWords(position) {
  if (!position) return 'Waiting for a worker'
  return position === 1 ? 'Next in the queue' : `Number ${position} in the queue`
}

/** @param {Video} video */
function summary(video) {
  const top = video.resolutions?.[0]
  const parts = []
  if (video.media?.duration_s) parts.push(clock(video.media.duration_s))
  if (top) parts.push(top.name)
  else if (video.media && !video.media.video) parts.push('Audio')
  if (video.priority !== 'normal') parts.push(`${humanise(video.priority)} priority`)
  return parts
}

/** @param {(string | Node)[]} parts */
function separated(parts) {
  return parts.map((part) => h('span', {}, part))
}
