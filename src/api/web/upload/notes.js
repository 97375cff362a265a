// @ts-check
import { h } from '../base/dom.js'

/**
 * @typedef {object} Note
 * @property {string} text
 * @property {boolean} [wrong] something failed or was refused
 * @property {{ label: string, run: () => void }} [action]
 */

/** Sentences that stay until they are dismissed or no longer true. One per subject: the latest. */
export function createNotes() {
  /** @type {Map<string, HTMLElement>} */
  const shown = new Map()
  const element = h('ul', { class: 'notes', 'aria-live': 'polite', 'aria-label': 'Notes on the uploads' })

  /** @param {string} about */
  function remove(about) {
    shown.get(about)?.remove()
    shown.delete(about)
  }

  /**
   * @param {string} about such as a file's id
   * @param {Note} note
   */
  function say(about, { text, wrong = false, action }) {
    const act = () => {
      remove(about)
      action?.run()
    }
    const line = h(
      'li',
      { class: 'note', 'data-wrong': wrong },
      h('p', {}, text),
      action && h('button', { type: 'button', class: 'button', onclick: act }, action.label),
      h('button', { type: 'button', class: 'button quiet', onclick: () => remove(about) }, 'Dismiss'),
    )
    shown.get(about)?.replaceWith(line)
    if (!shown.has(about)) element.append(line)
    shown.set(about, line)
  }

  return { element, say, remove }
}
