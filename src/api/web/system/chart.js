// @ts-check
import { loadStyle } from '../base/dom.js'

/** @typedef {import('./types.js').Stretch} Stretch */
/** @typedef {import('/vendor/uplot.js')} UPlot */

/** Seconds in one stretch of the throughput. */
export const stretchS = 300
const height = 220
const dark = matchMedia('(prefers-color-scheme: dark)')

/**
 * Bars of what ended and a line of the film that was completed, in the colours of the page. The library
 * is loaded when this is first made; until then, and if it does not come, the place stays empty.
 * @param {HTMLElement} target
 * @param {{ onPoint: (at: number | null) => void }} listener told which stretch is pointed at
 */
export function createChart(target, { onPoint }) {
  /** @type {UPlot | null} */
  let plot = null
  /** @type {Stretch[]} */
  let stretches = []
  let ended = false
  const resizes = new ResizeObserver(() => plot?.setSize(sizeOf(target)))
  const redraw = () => plot?.redraw()
  dark.addEventListener('change', redraw)

  void Promise.all([import('/vendor/uplot.js'), loadStyle('/vendor/uplot.css')]).then(
    ([{ default: uPlot }]) => {
      if (ended) return
      plot = new uPlot(optionsFor(uPlot, { size: sizeOf(target), onPoint }), dataOf(stretches), target)
      resizes.observe(target)
      target.toggleAttribute('data-drawn', true)
    },
  )

  /** @param {Stretch[]} next */
  function set(next) {
    stretches = next
    target.dataset.points = String(next.length)
    plot?.setData(dataOf(next))
  }

  function end() {
    ended = true
    resizes.disconnect()
    dark.removeEventListener('change', redraw)
    plot?.destroy()
  }
  return { set, end }
}

/** @param {number} seconds since 1970 */
export const clockTime = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })

/** @param {HTMLElement} target */
const sizeOf = (target) => ({ width: Math.max(200, target.clientWidth), height })

/**
 * Times, all that ended, of it completed, and film a second. One more time at the end closes the last step.
 * @param {Stretch[]} stretches
 * @returns {import('/vendor/uplot.js').AlignedData}
 */
function dataOf(stretches) {
  const times = stretches.map(({ from }) => Date.parse(from) / 1000)
  const last = times.at(-1)
  const film = stretches.map(({ source_s }) => source_s / stretchS)
  if (last === undefined) return [[], [], [], []]
  return [
    [...times, last + stretchS],
    [...stretches.map(({ completed, failed }) => completed + failed), null],
    [...stretches.map(({ completed }) => completed), null],
    [...film, film.at(-1) ?? 0],
  ]
}

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/**
 * @param {any} uPlot
 * @param {{ size: { width: number, height: number }, onPoint: (at: number | null) => void }} options
 * @returns {import('/vendor/uplot.js').Options}
 */
function optionsFor(uPlot, { size, onPoint }) {
  const bars = uPlot.paths.bars({ size: [0.7, 60], align: 1, gap: 4 })
  /** @param {string} name */
  const bar = (name) => ({ paths: bars, fill: () => colour(name), width: 0, points: { show: false } })
  const axis = {
    stroke: () => colour('--ink-2'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  /** @type {import('/vendor/uplot.js').Range.Function} */
  const fromZero = (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)]
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: true }, y: { range: fromZero }, film: { range: fromZero } },
    series: [
      {},
      bar('--chart-failed'),
      bar('--chart-completed'),
      {
        scale: 'film',
        stroke: () => colour('--chart-film'),
        width: 2,
        paths: uPlot.paths.stepped({ align: 1 }),
        points: { show: false },
      },
    ],
    axes: [
      { ...axis, space: 56, incrs: [300, 600, 900, 1800], values: (_plot, times) => times.map(clockTime) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      { ...axis, scale: 'film', side: 1, size: 48, grid: { show: false } },
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  }
}
