// @ts-check
import { listView } from './list.js'
import { videoView } from './video.js'
import { refreshTimes } from './widgets.js'

/**
 * One page with two views, chosen by the address after the `#`: `#/` and `#/?status=failed` show the
 * list, `#/videos/<id>` one video.
 */
const root = /** @type {HTMLElement} */ (document.getElementById('view'))
const liveSign = /** @type {HTMLElement} */ (document.getElementById('live'))

/** @type {() => void} */
let endView = () => {}

/** @param {boolean} moved false = the first view, which leaves the focus alone */
function route(moved) {
  endView()
  document.getElementById('notices')?.replaceChildren()
  const { pathname, searchParams } = new URL(location.hash.slice(1) || '/', location.origin)
  const id = /^\/videos\/([^/]+)$/.exec(pathname)?.[1]
  onLive(null)
  endView = id
    ? videoView(root, { id: decodeURIComponent(id), onLive })
    : listView(root, { status: searchParams.get('status') ?? '', onLive })
  if (!moved) return
  scrollTo(0, 0)
  root.querySelector('h1')?.focus({ preventScroll: true })
}

/** @param {boolean | null} live null = not known, or nothing more to come */
function onLive(live) {
  liveSign.dataset.live = String(live)
  liveSign.textContent = live === null ? '' : live ? 'Live' : 'Reconnecting…'
}

addEventListener('hashchange', () => route(true))
setInterval(refreshTimes, 20_000)
route(false)
