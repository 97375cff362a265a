// @ts-check
import { h } from '../base/dom.js'

/**
 * Text as nodes: what stands between backticks is code, and a line of its own for each line.
 * @param {string} text
 * @returns {Node[]}
 */
export function words(text) {
  return text.split('\n').flatMap((line, index) => [
    ...(index > 0 ? [h('br')] : []),
    ...line
      .trim()
      .split('`')
      .map((part, place) => (place % 2 === 1 ? h('code', {}, part) : document.createTextNode(part))),
  ])
}
