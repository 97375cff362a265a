// @ts-check
import { h, icon } from '../base/dom.js'

const filters = ['', 'processing', 'queued', 'completed', 'failed', 'cancelled']
const typingMs = 250

/** @typedef {import('../base/api.js').Filter} Filter */

/**
 * The heading, the way to Upload, the search box, and the choice of a status.
 * @param {Filter} filter
 * @param {(words: string) => void} onSearch as soon as nobody types any more
 */
export function createHead({ status, words }, onSearch) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const input = h('input', {
    type: 'search',
    value: words,
    maxlength: 200,
    placeholder: 'Search titles',
    'aria-label': 'Search titles',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: soon,
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && now(),
  })
  const tabs = h('nav', { class: 'tabs', 'aria-label': 'Filter by status' })
  drawTabs(words)
  const element = h(
    'div',
    { class: 'list-head' },
    h('h1', { tabindex: -1 }, 'Videos'),
    h('a', { class: 'button primary', href: '#/upload' }, icon('upload'), 'Upload'),
    tabs,
    h('label', { class: 'search' }, icon('search'), input),
  )
  return { element, clear, end: () => clearTimeout(timer) }

  function soon() {
    clearTimeout(timer)
    timer = setTimeout(now, typingMs)
  }

  function now() {
    clearTimeout(timer)
    drawTabs(input.value.trim())
    onSearch(input.value.trim())
  }

  function clear() {
    input.value = ''
    input.focus()
    now()
  }

  /** @param {string} searched */
  function drawTabs(searched) {
    const links = filters.map((name) =>
      h(
        'a',
        {
          href: addressOf({ status: name, words: searched }),
          'aria-current': name === status ? 'page' : null,
        },
        name ? name.charAt(0).toUpperCase() + name.slice(1) : 'All',
      ),
    )
    tabs.replaceChildren(...links)
  }
}

/**
 * Where the list is with this filter, after the `#`.
 * @param {Filter} filter
 */
export function addressOf({ status, words }) {
  const query = new URLSearchParams()
  if (status) query.set('status', status)
  if (words) query.set('q', words)
  return query.size === 0 ? '#/' : `#/?${query}`
}
