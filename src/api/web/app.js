// @ts-check
import { signedOut } from './base/api.js'
import { getSession, signOut } from './base/session.js'
import { refreshTimes } from './base/widgets.js'
import { signInView } from './sign-in/sign-in.js'
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

const signOutButton = /** @type {HTMLButtonElement} */ (document.getElementById('sign-out'))

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

/** Shows the view of the address, or first the form for a key where one is needed. @param {boolean} moved */
async function enter(moved) {
  // An API that does not answer is for the view to tell.
  const session = await getSession().catch(() => null)
  if (session && session.scopes.length === 0) return askForKey()
  isAsking = false
  signOutButton.hidden = !session?.key_id
  for (const link of links) link.hidden = !!session && !allows(session.scopes, link.hash)
  route(moved)
  continueUploads()
}

/** The view stays away until somebody signed in, and is then the one of the same address. */
function askForKey() {
  if (isAsking) return
  isAsking = true
  endView()
  signOutButton.hidden = true
  onLive(null)
  endView = signInView(root, () => enter(true))
}

/**
 * @param {string[]} scopes
 * @param {string} hash
 */
function allows(scopes, hash) {
  if (hash === '#/system') return scopes.includes('admin')
  return hash !== '#/upload' || scopes.includes('submit')
}

let isAsking = false
addEventListener('hashchange', () => {
  if (!isAsking) route(true)
})
addEventListener(signedOut, askForKey)
signOutButton.addEventListener('click', () => void signOut().then(askForKey))
setInterval(refreshTimes, 20_000)
void enter(false)
