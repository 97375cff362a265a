// @ts-check
/**
 * Makes elements. Text is always a text node and never markup: titles, metadata and error messages
 * come from strangers. There is no innerHTML anywhere on this page.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Props */

/**
 * `class`, attributes and `onclick`-style listeners; false, null and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) setProp(element, name, value)
  fill(element, ...children)
  return element
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {Props[string]} value
 */
function setProp(element, name, value) {
  if (value === false || value === null || value === undefined) return
  if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value)
  else if (name === 'href') element.setAttribute('href', safeHref(String(value)))
  else element.setAttribute(name, value === true ? '' : String(value))
}

/**
 * An address a link may have: `javascript:` and its like become a link to nowhere.
 * @param {string} address
 */
function safeHref(address) {
  const { protocol } = new URL(address, location.href)
  return protocol === 'http:' || protocol === 'https:' ? address : '#'
}

/**
 * Replaces what is inside an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  const nodes = children.filter((child) => child !== null && child !== undefined && child !== false)
  element.replaceChildren(...nodes.map((node) => (typeof node === 'number' ? String(node) : node)))
}

/**
 * Sets text only where it changed, so that a selection survives live updates.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * @param {HTMLElement} element
 * @param {boolean} shown
 */
export function show(element, shown) {
  element.hidden = !shown
}

/** @type {Map<string, Promise<void>>} */
const styles = new Map()

/**
 * Loads the style sheet of a package, before those of the page, so that theirs win. Resolves when it is there,
 * or will not come.
 * @param {string} href
 */
export function loadStyle(href) {
  const known = styles.get(href)
  if (known) return known
  const { promise, resolve } = Promise.withResolvers()
  const link = h('link', {
    rel: 'stylesheet',
    href,
    onload: () => resolve(undefined),
    onerror: () => resolve(undefined),
  })
  document.head.prepend(link)
  styles.set(href, promise)
  return promise
}

/** Line drawings on a 16 × 16 grid. */
const drawings = {
  back: ['M10 3 5 8l5 5'],
  copy: ['M5.5 5.5h7v8h-7z', 'M3.5 10.5v-8h7'],
  done: ['m3.5 8.5 3 3 6-7'],
  download: ['M8 2.5v7.5m-3-3 3 3 3-3', 'M3 13.5h10'],
  ladder: ['M5 2 3 14M11 2l2 12', 'M4.5 5h7M4 8.25h8M3.5 11.5h9'],
  plus: ['M8 3v10M3 8h10'],
  search: ['M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z', 'm10.7 10.7 3.3 3.3'],
  sound: [
    'M6 12.5V3.5l7-1.5v8.5',
    'M6 12.5a2 2 0 1 1-2-2 2 2 0 0 1 2 2zM13 10.5a2 2 0 1 1-2-2 2 2 0 0 1 2 2z',
  ],
  warning: ['M8 2.5 14.5 13.5h-13z', 'M8 6.5v3.5M8 11.8v.2'],
  upload: ['M8 10V2.5m-3 3 3-3 3 3', 'M3 13.5h10'],
}

/**
 * @param {keyof typeof drawings} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  for (const d of drawings[name]) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('d', d)
    svg.append(path)
  }
  return svg
}
