// @ts-check

import { fill, h, setText, show } from '../base/dom.js'
import { nameOf } from '../base/format.js'
import { codeBlock } from '../base/widgets.js'
import { taskWords } from '../video/run-words.js'
import { createKeyedList } from './keyed-list.js'
import { age, plural } from './tiles.js'

/** @typedef {import('./types.js').System} System */
/** @typedef {import('./types.js').Worker & { now: string, silent: boolean }} ShownWorker */
/** @typedef {import('./types.js').TaskInHand & { now: string }} ShownTask */

/** Who is there, and what each one does. */
export function createWorkers() {
  const list = h('ul', { class: 'workers' })
  const none = h('div', { class: 'guide' }, ...startAWorker())
  const noneTitle = /** @type {HTMLElement} */ (none.querySelector('h3'))
  const setList = createKeyedList(list, { keyOf: (worker) => worker.id, create: createWorker })
  show(none, false)

  /** @param {System} system */
  function set({ at, workers, silent_workers }) {
    const silent = silent_workers.map((worker) => ({ ...worker, now: at, silent: true }))
    setList([...workers.map((worker) => ({ ...worker, now: at, silent: false })), ...silent])
    show(none, workers.length === 0)
    show(list, workers.length + silent.length > 0)
    setText(noneTitle, silent.length > 0 ? 'Nobody is at work any more' : 'No worker is running')
  }
  return { element: h('section', { class: 'panel' }, h('h2', {}, 'Workers'), none, list), set }
}

function startAWorker() {
  return [
    h('h3', {}),
    h(
      'p',
      {},
      'Videos are taken in all the same, and wait until a worker makes them. Start one here, or on any machine ' +
        'that reaches the database, Redis and the store, with the same environment as the API:',
    ),
    codeBlock('npm run worker'),
    h('p', {}, 'With Docker Compose:'),
    codeBlock('docker compose up -d worker'),
    h('p', {}, 'It appears here within seconds.'),
  ]
}

function createWorker() {
  const name = h('h3', { class: 'worker-name' })
  const state = h('span', { class: 'pill' })
  const facts = h('p', { class: 'worker-facts parts' })
  const cells = h('span', { class: 'slots', role: 'img' })
  const slots = h('span', { class: 'slots-note' })
  const tasks = h('ul', { class: 'tasks' })
  const setTasks = createKeyedList(tasks, { keyOf: taskKey, create: createTask })
  const element = h(
    'li',
    { class: 'worker' },
    h('div', { class: 'worker-head' }, name, state),
    facts,
    h('div', { class: 'slots-line' }, cells, slots),
    tasks,
  )
  let shownFacts = ''

  /** @param {ShownWorker} worker */
  function set(worker) {
    const busy = Math.min(worker.slots, worker.tasks.length)
    element.dataset.id = worker.id
    element.toggleAttribute('data-silent', worker.silent)
    setText(name, worker.id)
    const [word, status] = stateOf(worker)
    setText(state, word)
    state.dataset.status = status
    const texts = factsOf(worker)
    if (texts.join() !== shownFacts) fill(facts, ...texts.map((text) => h('span', {}, text)))
    shownFacts = texts.join()
    setText(slots, `${busy} of ${plural(worker.slots, 'slot')}`)
    cells.setAttribute('aria-label', `${busy} of ${plural(worker.slots, 'slot')} at work`)
    fillCells(cells, { busy, all: worker.slots })
    setTasks(worker.tasks.map((task) => ({ ...task, now: worker.now })))
  }
  return { element, set }
}

/**
 * @param {ShownWorker} worker
 * @returns {[word: string, status: string]} the colour is that of a video's status
 */
function stateOf({ silent, draining, paused_for, tasks }) {
  if (silent) return ['Silent', 'failed']
  if (paused_for.length > 0) return [`Waits for ${paused_for.join(', ')}`, 'failed']
  if (draining) return ['Draining', 'processing']
  return tasks.length > 0 ? ['At work', 'completed'] : ['Ready', 'queued']
}

/** @param {ShownWorker} worker */
function factsOf({ silent, now, host, seen_at, started_at, version, build, paused_since, draining }) {
  return [
    silent ? `not heard of for ${age(now, seen_at)}: it died or does not reach the database` : '',
    paused_since ? `begins nothing since ${age(now, paused_since)}` : '',
    draining ? 'finishes what it has and takes nothing new' : '',
    `on ${host}`,
    `started ${age(now, started_at)} ago`,
    `ffmpeg ${version}${build && build !== version ? ` (${build.slice(0, 12)})` : ''}`,
    silent ? '' : `heard of ${age(now, seen_at)} ago`,
  ].filter(Boolean)
}

/** More cells than this say nothing that the number does not. */
const mostCells = 64

/**
 * @param {Element} cells
 * @param {{ busy: number, all: number }} slots
 */
function fillCells(cells, { busy, all }) {
  const wanted = Math.min(all, mostCells)
  const filled = all > mostCells ? Math.round((busy / all) * mostCells) : busy
  while (cells.children.length > wanted) cells.lastElementChild?.remove()
  while (cells.children.length < wanted) cells.append(h('i'))
  for (const [at, cell] of [...cells.children].entries()) cell.toggleAttribute('data-busy', at < filled)
}

/** @param {ShownTask} task */
const taskKey = ({ video_id, kind, position }) => `${video_id} ${kind} ${position}`

function createTask() {
  const what = h('span', { class: 'task-what' })
  const link = h('a')
  const since = h('span', { class: 'task-since' })
  const element = h('li', {}, what, link, since)

  /** @param {ShownTask} task */
  function set(task) {
    setText(what, taskWords({ task: task.kind, position: task.position }))
    setText(link, nameOf({ id: task.video_id, title: task.title }))
    link.setAttribute('href', `#/videos/${encodeURIComponent(task.video_id)}`)
    const again = task.attempt > 0 ? `, attempt ${task.attempt + 1}` : ''
    setText(since, `for ${age(task.now, task.started_at)}${again}`)
  }
  return { element, set }
}
