// @ts-check
import { json } from '../base/api.js'
import { fill, h, setText, show } from '../base/dom.js'
import { timeOfDay } from '../base/format.js'
import { createFailures } from './failures.js'
import { pollWhileVisible } from './poll.js'
import { createQueue } from './queue.js'
import { createThroughput } from './throughput.js'
import { createTiles } from './tiles.js'
import { createWorkers } from './workers.js'

/**
 * Workers, queue, failures and throughput, asked for anew every few seconds.
 * @param {HTMLElement} root
 * @param {{ onLive: (live: boolean | null) => void }} options
 * @returns {() => void} ends it
 */
export function systemView(root, { onLive }) {
  document.title = 'System – Stepladder'
  const [tiles, workers, queue, failures, throughput] = [
    createTiles(),
    createWorkers(),
    createQueue(),
    createFailures(),
    createThroughput(),
  ]
  const silence = h('p', { class: 'problem', role: 'status' })
  const content = h(
    'div',
    { class: 'system', 'aria-busy': true },
    tiles.element,
    ...[workers, queue, failures, throughput].map((part) => part.element),
  )
  let answeredAt = ''
  show(silence, false)
  show(content, false)
  fill(root, h('div', { class: 'system-head' }, h('h1', { tabindex: -1 }, 'System'), silence), content)

  const endPoll = pollWhileVisible((signal) => json('/system', signal), { onAnswer, onFailure })
  return () => {
    endPoll()
    throughput.end()
  }

  /** @param {import('./types.js').System} system */
  function onAnswer(system) {
    answeredAt = new Date().toISOString()
    for (const part of [tiles, workers, queue, failures, throughput]) part.set(system)
    show(silence, false)
    show(content, true)
    content.setAttribute('aria-busy', 'false')
    onLive(true)
  }

  /** @param {unknown} error */
  function onFailure(error) {
    const reason = error instanceof Error ? error.message : String(error)
    const since = answeredAt ? `Not answering since ${timeOfDay(answeredAt)}. ` : ''
    setText(silence, `${since}${reason}`)
    show(silence, true)
    onLive(false)
  }
}
