// @ts-check
import { fill, h, setText, show } from '../base/dom.js'
import { bytes, count, fps, span, speed, stageInWords } from '../base/format.js'
import { createBar } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('../base/types.js').Snapshot} Snapshot */

/** Chunks are drawn one by one up to here, and as one bar beyond. */
const mostCells = 120

/**
 * How far the whole video is; once it is over, what it took.
 * @param {Element} atWork who works on it
 */
export function createProgressPanel(atWork) {
  const stage = h('h2', { class: 'stage' })
  const percent = h('strong', { class: 'percent' })
  const bar = createBar('Progress of the whole video')
  const cells = h('div', { class: 'cells', 'aria-hidden': true })
  const numbers = h('dl', { class: 'numbers' })
  const element = h(
    'section',
    { class: 'panel progress', 'aria-label': 'Progress' },
    h('div', { class: 'progress-head' }, stage, percent),
    bar.element,
    cells,
    numbers,
    atWork,
  )
  return { element, setVideo, setProgress }

  /** @param {Video} video */
  function setVideo(video) {
    const { status, timings } = video
    const running = status === 'queued' || status === 'processing'
    show(element, running || status === 'completed')
    element.dataset.status = status
    if (running) {
      if (!stage.textContent) setText(stage, status === 'queued' ? 'Waiting for a worker' : 'Processing')
      if (!percent.textContent) bar.set(status === 'queued' ? 0 : null)
      return
    }
    setText(stage, 'Done')
    setText(percent, '100%')
    bar.set(100)
    fill(cells)
    const pace =
      timings.processing_s && video.media?.duration_s ? video.media.duration_s / timings.processing_s : null
    setNumbers(numbers, [
      ['Waited', span(timings.queued_s)],
      ['Processed in', span(timings.processing_s)],
      ['In total', span(timings.total_s)],
      ['Speed', speed(pace)],
      ['Tasks', count(video.tasks.total)],
    ])
  }

  /** @param {Snapshot} snapshot */
  function setProgress(snapshot) {
    if (snapshot.status === 'completed') return // the video itself says what it took
    show(element, snapshot.status === 'queued' || snapshot.status === 'processing')
    element.dataset.status = snapshot.status
    setText(stage, stageInWords(snapshot.stage))
    setText(percent, `${Math.floor(snapshot.percent)}%`)
    bar.set(snapshot.percent)
    drawCells(snapshot.chunks)
    setNumbers(numbers, liveNumbers(snapshot))
  }

  /** @param {Snapshot['chunks']} chunks */
  function drawCells({ done, running, total }) {
    show(cells, total > 1 && total <= mostCells)
    if (cells.childElementCount !== total) fill(cells, ...Array.from({ length: total }, () => h('span')))
    for (const [index, cell] of [...cells.children].entries()) {
      const state = index < done ? 'done' : index < done + running ? 'running' : 'waiting'
      if (cell instanceof HTMLElement) cell.dataset.state = state
    }
  }
}

/**
 * @param {Snapshot} snapshot
 * @returns {[string, string][]}
 */
function liveNumbers(snapshot) {
  const { chunks, fetched } = snapshot
  /** @type {[string, string][]} */
  const rows = []
  if (snapshot.queue_position)
    rows.push(['In the queue', snapshot.queue_position === 1 ? 'next' : `number ${snapshot.queue_position}`])
  if (fetched)
    rows.push([
      'Fetched',
      `${bytes(fetched.bytes)}${fetched.total_bytes ? ` of ${bytes(fetched.total_bytes)}` : ''}`,
    ])
  if (chunks.total)
    rows.push([
      'Chunks',
      `${chunks.done} of ${chunks.total}${chunks.running ? `, ${chunks.running} running` : ''}`,
    ])
  if (snapshot.frames)
    rows.push([
      'Frames',
      snapshot.total_frames
        ? `${count(snapshot.frames)} of ${count(snapshot.total_frames)}`
        : count(snapshot.frames),
    ])
  if (snapshot.fps) rows.push(['Rate', fps(snapshot.fps)])
  if (snapshot.speed) rows.push(['Speed', speed(snapshot.speed)])
  if (snapshot.eta_s !== null) rows.push(['Remaining', span(snapshot.eta_s)])
  return rows
}

/**
 * Writes into the cells that are there, so that numbers change without a flicker.
 * @param {HTMLElement} list
 * @param {[string, string][]} rows
 */
function setNumbers(list, rows) {
  const names = [...list.querySelectorAll('dt')].map((name) => name.textContent)
  if (names.join() !== rows.map(([name]) => name).join()) {
    fill(list, ...rows.map(([name]) => h('div', {}, h('dt', {}, name), h('dd'))))
  }
  for (const [index, cell] of [...list.querySelectorAll('dd')].entries())
    setText(cell, rows[index]?.[1] ?? '')
}
