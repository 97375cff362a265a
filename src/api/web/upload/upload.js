// @ts-check
import { submitGuide } from '../base/dialogs.js'
import { fill, h } from '../base/dom.js'

/**
 * How a video gets in.
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function uploadView(root) {
  document.title = 'Upload – Stepladder'
  fill(root, h('h1', { tabindex: -1 }, 'Upload'), submitGuide())
  return () => {}
}
