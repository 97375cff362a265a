// @ts-check
import { getRuns } from '../base/api.js'
import { notify } from '../base/dialogs.js'
import { fill, h, setText, show } from '../base/dom.js'
import { fullTime, sentence, timeOfDay } from '../base/format.js'
import { panel } from '../base/widgets.js'
import { beginningWords, outcomeWords, taskWords, tookWords } from './run-words.js'

/** @typedef {import('../base/types.js').Run} Run */

const pageSize = 20
/** The most the API gives at once. */
const pageMax = 100
const filters = [
  { name: 'All', outcome: '' },
  { name: 'Running', outcome: 'running' },
  { name: 'Went wrong', outcome: 'failed,retried,lost,released' },
]

/**
 * Who ran which task, when and how it ended, the latest first, with ffmpeg's last words where it failed.
 * @param {string} id of the video
 */
export function createRunsPanel(id) {
  /** @type {Map<string, ReturnType<typeof createLine>>} */
  const lines = new Map()
  let outcome = ''
  /** @type {string | null} */
  let cursor = null

  const choice = h('div', { class: 'run-filter', role: 'group', 'aria-label': 'Which attempts' })
  const list = h('ol', { class: 'runs' })
  const none = h('p', { class: 'quiet', hidden: true }, 'None of this kind.')
  const more = h('button', { type: 'button', class: 'button', onclick: loadMore, hidden: true }, 'Show more')
  const element = panel('Attempts', choice, list, none, more)
  show(element, false)
  drawChoice()
  return { element, load }

  /** Reads again what is shown. @param {AbortSignal} [signal] */
  async function load(signal) {
    const asked = outcome
    const limit = Math.min(pageMax, Math.max(pageSize, lines.size))
    const page = await getRuns(id, { outcome, limit }, signal)
    if (asked !== outcome) return
    const keys = new Set(page.runs.map(keyOf))
    for (const [key, line] of lines) {
      if (keys.has(key)) continue
      line.element.remove()
      lines.delete(key)
    }
    take(page)
    if (page.runs.length > 0) show(element, true)
  }

  async function loadMore() {
    more.disabled = true
    try {
      take(await getRuns(id, { outcome, limit: pageSize, cursor }))
    } catch (error) {
      notify(error)
    } finally {
      more.disabled = false
    }
  }

  /** @param {{ runs: Run[], next_cursor: string | null }} page */
  function take(page) {
    cursor = page.next_cursor
    for (const run of page.runs) {
      const line = lines.get(keyOf(run)) ?? createLine()
      line.set(run)
      lines.set(keyOf(run), line)
    }
    const latestFirst = [...lines.values()].sort((a, b) => b.startedAt() - a.startedAt())
    for (const [at, { element: item }] of latestFirst.entries()) {
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null)
    }
    show(more, cursor !== null)
    show(none, lines.size === 0)
  }

  function drawChoice() {
    const buttons = filters.map((filter) =>
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(filter.outcome === outcome),
          onclick: () => choose(filter.outcome),
        },
        filter.name,
      ),
    )
    fill(choice, ...buttons)
  }

  /** @param {string} next */
  function choose(next) {
    const at = filters.findIndex((filter) => filter.outcome === next)
    outcome = next
    drawChoice()
    if (choice.children[at] instanceof HTMLElement) choice.children[at].focus()
    load().catch(notify)
  }
}

/** One attempt, in elements that stay: a log somebody opened stays open. */
function createLine() {
  const task = h('strong')
  const worker = h('span', { class: 'mono' })
  const beginning = h('span')
  const outcome = h('span', { class: 'outcome' })
  const took = h('span', { class: 'took' })
  const started = h('time')
  const trouble = h('div', { class: 'trouble', hidden: true })
  const element = h(
    'li',
    {},
    h(
      'div',
      { class: 'run' },
      task,
      outcome,
      h('span', { class: 'run-facts' }, worker, beginning),
      took,
      started,
    ),
    trouble,
  )
  let startedAt = 0
  return { element, set, startedAt: () => startedAt }

  /** @param {Run} run */
  function set(run) {
    startedAt = Date.parse(run.started_at)
    const ending = run.outcome ?? 'running'
    element.dataset.outcome = ending
    setText(task, taskWords(run))
    setText(worker, run.worker)
    setText(beginning, beginningWords(run))
    setText(outcome, outcomeWords[ending] ?? ending)
    setText(took, tookWords(run) ?? '')
    started.setAttribute('datetime', run.started_at)
    started.title = fullTime(run.started_at)
    setText(started, timeOfDay(run.started_at))
    if (run.error && trouble.hidden) fill(trouble, ...troubleWith(run.error))
    show(trouble, run.error !== null)
  }
}

/** @param {NonNullable<Run['error']>} error */
export function troubleWith({ code, message, stderr }) {
  return [
    h('p', {}, sentence(message ?? 'No reason is known'), ' ', h('code', {}, code)),
    stderr && h('details', {}, h('summary', {}, 'What ffmpeg said last'), logOf(stderr)),
  ].filter((part) => part instanceof Node)
}

/** @param {string} text */
export function logOf(text) {
  return h('pre', { class: 'log', tabindex: 0 }, text)
}

/** @param {Run} run */
const keyOf = ({ task_id: task, fence }) => `${task} ${fence}`
