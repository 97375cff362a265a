// @ts-check
import { refreshTimes } from './base/widgets.js'
import { systemView } from './system/system.js'
import { continueUploads, uploadView } from './upload/upload.js'
import { videoView } from './video/video.js'
import { listView } from './videos/list.js'

/**
 * One page with four views, chosen by the address after the `#`: `#/` and `#/?status=failed&q=word` show
 * the list, `#/videos/<id>` one video, `#/upload` and `#/system` what they say. A view fills the root and
 * returns the function that ends it.
 */
const root = /** @type {HTMLElement} */ (document.getElementById('view'))
const liveSign = /** @type {HTMLElement} */ (document.getElementById('live'))
const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('.top nav a'))

/** @type {() => void} */
let endView = () => {}

/** @param {boolean} moved false = the first view, which leaves the focus alone */
function route(moved) {
  endView()
  document.getElementById('notices')?.replaceChildren()
  const { pathname, searchParams } = new URL(location.hash.slice(1) || '/', location.origin)
  onLive(null)
  markCurrent(pathname)
  endView = open(pathname, searchParams)
  if (!moved) return
  scrollTo(0, 0)
  root.querySelector('h1')?.focus({ preventScroll: true })
}

/**
 * @param {string} path
 * @param {URLSearchParams} query
 */
function open(path, query) {
  const id = /^\/videos\/([^/]+)$/.exec(path)?.[1]
  if (id) return videoView(root, { id: decodeURIComponent(id), onLive })
  if (path === '/upload') return uploadView(root)
  if (path === '/system') return systemView(root, { onLive })
  return listView(root, { status: query.get('status') ?? '', words: query.get('q') ?? '', onLive })
}

/** @param {string} path */
function markCurrent(path) {
  for (const link of links) {
    const own = link.hash.slice(1)
    const isCurrent = own === '/' ? path === '/' || path.startsWith('/videos/') : path === own
    if (isCurrent) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

/** @param {boolean | null} live null = not known, or nothing more to come */
function onLive(live) {
  liveSign.dataset.live = String(live)
  liveSign.textContent = live === null ? '' : live ? 'Live' : 'Reconnecting…'
}

addEventListener('hashchange', () => route(true))
setInterval(refreshTimes, 20_000)
route(false)
continueUploads()
