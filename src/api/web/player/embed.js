// @ts-check
import { ApiError, getVideo } from '../base/api.js'
import { fill, h } from '../base/dom.js'
import { nameOf } from '../base/format.js'
import { readEmbedOptions } from './embed-options.js'
import { createPlayer } from './player.js'

/** @typedef {import('../base/types.js').Video} Video */

const askAgainMs = 4000

/** @type {ReturnType<typeof createPlayer> | null} */
let player = null

/** The bare player of `/embed/{id}`, made to be framed by other pages. */
void ask(idOf(location.pathname))

/** Until nothing about the video changes any more. @param {string} id */
async function ask(id) {
  try {
    const video = await getVideo(id, new URLSearchParams(location.search).get('token'))
    show(video)
    if (video.status !== 'queued' && video.status !== 'processing') return
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return write('This link does not hold any more')
    const isGone = error instanceof ApiError && error.status >= 400 && error.status < 500
    if (isGone) return write('This video is not here')
    if (!player) write(error instanceof Error ? error.message : String(error))
  }
  setTimeout(ask, askAgainMs, id)
}

/** @param {Video} video */
function show(video) {
  document.title = nameOf(video)
  const isPlayable = video.status === 'completed' || (video.status === 'processing' && video.media !== null)
  if (!isPlayable) write(words[video.status], nameOf(video))
  else if (player) player.setVideo(video)
  else player = play(video)
}

/** @param {Video} video */
function play(video) {
  const { startS, ...playing } = readEmbedOptions(new URLSearchParams(location.search))
  const made = createPlayer(video, {}, { title: nameOf(video), remembers: false, startS })
  Object.assign(made.media, playing)
  fill(document.body, made.element)
  return made
}

const words = {
  queued: 'This video is being made',
  processing: 'This video is being made',
  completed: '',
  failed: 'This video could not be made',
  cancelled: 'The making of this video was stopped',
}

/**
 * @param {string} text
 * @param {string} [title]
 */
function write(text, title = '') {
  player?.destroy()
  player = null
  const message = h('p', { class: 'player-message', role: 'status' }, text, title && h('span', {}, title))
  fill(document.body, h('div', { class: 'player' }, message))
}

/** The id as it stands in the address, or nothing if that is no text. @param {string} path */
function idOf(path) {
  try {
    return decodeURIComponent(path.split('/').at(-1) ?? '')
  } catch {
    return '' // a `%` that begins nothing
  }
}
