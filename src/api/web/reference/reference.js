// @ts-check
/** The reference at /docs: what /openapi.json says, drawn for people. */
import { fill, h, show } from '../base/dom.js'
import { operationView } from './operation-view.js'
import { words } from './words.js'

/** @import { Document, Route } from './types.js' */

const view = /** @type {HTMLElement} */ (document.getElementById('view'))

try {
  const response = await fetch('/openapi.json')
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  draw(await response.json())
} catch (error) {
  const reason = error instanceof Error ? error.message : 'no answer'
  fill(
    view,
    h('h1', {}, 'HTTP API'),
    h('p', { role: 'alert' }, `The reference could not be loaded: ${reason}.`),
  )
}

/** @param {Document} api */
function draw(api) {
  const sections = api.tags.map((tag) => sectionOf(tag, api))
  const found = h('p', { class: 'bounds', role: 'status' })
  const search = h('input', {
    type: 'search',
    placeholder: 'Search addresses and words',
    'aria-label': 'Search the reference',
    oninput: () => filter(search.value.trim().toLowerCase()),
  })

  /** @param {string} text */
  function filter(text) {
    const shown = sections.map((section) => section.filter(text)).reduce((sum, count) => sum + count, 0)
    found.textContent = text === '' ? '' : `${shown} found`
  }

  fill(
    view,
    h('h1', {}, 'HTTP API'),
    h('p', { class: 'lead' }, ...words(api.info.description)),
    h('p', { class: 'lead' }, ...words(api.components.securitySchemes.apiKey?.description ?? '')),
    h('div', { class: 'search' }, search, found),
    h(
      'div',
      { class: 'reference' },
      h('nav', { 'aria-label': 'Routes' }, ...sections.map(({ links }) => links)),
      h('div', {}, ...sections.map(({ body }) => body)),
    ),
  )
  // The browser looked for it before it was there.
  document.getElementById(location.hash.slice(1))?.scrollIntoView()
}

/**
 * @param {Document['tags'][number]} tag
 * @param {Document} api
 */
function sectionOf({ name, description }, api) {
  const parts = routesOf(api)
    .filter(({ operation }) => operation.tags.includes(name))
    .map((route) => ({
      text: `${route.method} ${route.path} ${route.operation.summary}`.toLowerCase(),
      link: h('li', {}, h('a', { href: `#${route.operation.operationId}` }, ...lineOf(route))),
      article: operationView(route, api),
    }))
  const links = h('section', {}, h('h2', {}, name), h('ul', {}, ...parts.map(({ link }) => link)))
  const body = h(
    'section',
    {},
    h('h2', {}, name),
    h('p', { class: 'lead' }, ...words(description)),
    ...parts.map(({ article }) => article),
  )

  /**
   * Leaves what has the text in it, and tells how much that is.
   * @param {string} text
   */
  function filter(text) {
    const wanted = parts.filter((part) => part.text.includes(text))
    for (const part of parts) {
      show(part.link, wanted.includes(part))
      show(part.article, wanted.includes(part))
    }
    show(links, wanted.length > 0)
    show(body, wanted.length > 0)
    return wanted.length
  }
  return { links, body, filter }
}

/** @param {Route} route */
function lineOf({ method, path }) {
  return [h('span', { class: 'method', 'data-method': method }, method), h('span', {}, path)]
}

/**
 * @param {Document} api
 * @returns {Route[]}
 */
function routesOf({ paths }) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  )
}
