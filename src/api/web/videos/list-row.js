// @ts-check
import { fill, h, icon, setText, show } from '../base/dom.js'
import {
  bytes,
  clock,
  fps,
  humanise,
  nameOf,
  sentence,
  span,
  speed,
  stageInWords,
  timeLeft,
} from '../base/format.js'
import { createBar, createPill, timeAgo } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

/**
 * One line of the list: a link to the video, with a bar while it is being made, and Retry where it failed.
 * @param {Video} video
 * @param {{ onRetry: (id: string) => Promise<void> }} options
 */
export function createRow(video, { onRetry }) {
  /** The latest that the feed told. @type {Snapshot | null} */
  let latest = null
  const pill = createPill()
  const bar = createBar(`Progress of ${nameOf(video)}`)
  const percent = h('strong', { class: 'percent' })
  const picture = h('span', { class: 'row-picture' })
  const title = h('span', { class: 'row-title', dir: 'auto' })
  const details = h('span', { class: 'row-details parts' })
  const live = h('span', { class: 'row-live' })
  const retry = h('button', { type: 'button', class: 'button row-retry', onclick: tryAgain }, 'Retry')
  const link = h(
    'a',
    { class: 'row', href: `#/videos/${video.id}` },
    picture,
    h('span', { class: 'row-name' }, title, details),
    h('span', { class: 'row-state' }, percent, pill.element),
    bar.element,
    live,
  )
  const element = h('li', { 'data-id': video.id }, link, retry)
  const row = { element, video, update, progress }
  update(video)
  return row

  /** @param {Video} next */
  function update(next) {
    row.video = next
    setText(title, nameOf(next))
    title.title = nameOf(next)
    retry.setAttribute('aria-label', `Retry ${nameOf(next)}`)
    fill(details, ...[...summary(next), timeAgo(next.created_at)].map((part) => h('span', {}, part)))
    drawPicture(picture, next)
    setStatus(next.status)
    if (latest?.status === next.status && isMoving(latest)) return setText(live, liveWords(latest))
    if (next.status === 'processing' && !percent.textContent) bar.set(null)
    setText(live, restingWords(next))
  }

  /** @param {Snapshot} snapshot */
  function progress(snapshot) {
    latest = snapshot
    row.video = { ...row.video, status: snapshot.status }
    setStatus(snapshot.status)
    bar.set(snapshot.percent)
    setText(percent, snapshot.status === 'processing' ? `${Math.floor(snapshot.percent)}%` : '')
    if (snapshot.error || isMoving(snapshot)) setText(live, liveWords(snapshot))
  }

  /** @param {Video['status']} status */
  function setStatus(status) {
    element.dataset.status = status
    pill.set(status)
    show(bar.element, status === 'processing')
    show(percent, status === 'processing')
    show(retry, status === 'failed')
  }

  async function tryAgain() {
    retry.disabled = true
    await onRetry(video.id)
    retry.disabled = false
  }
}

/** @param {Snapshot} snapshot */
const isMoving = ({ status }) => status === 'queued' || status === 'processing'

/**
 * Its poster, once there is one.
 * @param {Element} place
 * @param {Video} video
 */
function drawPicture(place, { links, media }) {
  const poster = place.querySelector('img')
  if (links.poster) {
    if (poster?.getAttribute('src') === links.poster) return
    const image = h('img', { src: links.poster, alt: '', loading: 'lazy', decoding: 'async' })
    image.addEventListener('error', () => fill(place, icon('ladder')))
    fill(place, image)
  } else if (poster || !place.firstChild) fill(place, icon(media && !media.video ? 'sound' : 'ladder'))
}

/** @param {Snapshot} snapshot */
function liveWords(snapshot) {
  if (snapshot.error) return sentence(snapshot.error.message)
  if (snapshot.status === 'queued' && snapshot.stage === 'queued') return queuedWords(snapshot.queue_position)
  const parts = [
    stageInWords(snapshot.stage),
    timeLeft(snapshot.eta_s),
    snapshot.speed ? speed(snapshot.speed) : '',
    snapshot.fps ? fps(snapshot.fps) : '',
  ]
  return parts.filter(Boolean).join(' · ')
}

/** What there is to say of a video that the feed is silent about. @param {Video} video */
function restingWords(video) {
  if (video.error) return sentence(video.error.message)
  if (video.status === 'queued') return queuedWords(video.queue_position)
  return video.status === 'completed' ? outcomeWords(video) : ''
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
