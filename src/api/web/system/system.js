// @ts-check
import { fill, h } from '../base/dom.js'

/**
 * Workers, queue, failures and throughput.
 * @param {HTMLElement} root
 * @param {{ onLive: (live: boolean | null) => void }} _options
 * @returns {() => void} ends it
 */
export function systemView(root, _options) {
  document.title = 'System – Stepladder'
  fill(root, h('h1', { tabindex: -1 }, 'System'))
  return () => {}
}
