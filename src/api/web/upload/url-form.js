// @ts-check
import { h } from '../base/dom.js'
import { panel } from '../base/widgets.js'
import { oneLine } from './checks.js'

/**
 * A source that the server fetches by itself.
 * @param {{
 *   options: () => import('./job-options.js').JobOptions,
 *   submit: (submission: { id: string, job: import('./ledger.js').Job }) => void,
 * }} page
 */
export function createUrlForm({ options, submit }) {
  const address = h('input', {
    type: 'url',
    id: 'source-url',
    required: true,
    maxlength: 2048,
    pattern: 'https?://.+',
    placeholder: 'https://example.com/film.mp4',
    autocomplete: 'off',
  })
  const title = h('input', { type: 'text', id: 'source-title', maxlength: 300, autocomplete: 'off' })
  const form = h(
    'form',
    { class: 'url-form', onsubmit: onSubmit },
    h('div', { class: 'field' }, h('label', { for: address.id }, 'Address'), address),
    h('div', { class: 'field' }, h('label', { for: title.id }, 'Title (if any)'), title),
    h('button', { class: 'button' }, 'Fetch it'),
  )
  return panel('From the web', h('p', { class: 'hint' }, 'The server fetches the file itself.'), form)

  /** @param {SubmitEvent} event */
  function onSubmit(event) {
    event.preventDefault()
    const url = address.value.trim()
    submit({
      id: newKey(),
      job: { ...options(), title: oneLine(title.value) || lastPartOf(url), source: { url } },
    })
    form.reset()
  }
}

/** `https://example.com/a/film.mp4?x=1` → `film.mp4`. @param {string} url */
function lastPartOf(url) {
  const { hostname, pathname } = new URL(url)
  return oneLine(pathname.split('/').findLast(Boolean) ?? '') || hostname
}

/** crypto.randomUUID() exists on https and localhost only. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
