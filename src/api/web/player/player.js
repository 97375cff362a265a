// @ts-check
import { ApiError, checkPlaylist } from '../base/api.js'
import { fill, h, setText, show } from '../base/dom.js'
import { clock } from '../base/format.js'

const askAgainMs = 2000
const recoveries = 3

/** @typedef {{ index: number, width: number, height: number, bitrateBps: number }} Level */

/**
 * @typedef {object} PlayerListener
 * @property {(levels: Level[]) => void} onLevels what can be chosen; empty = the browser chooses
 * @property {(index: number) => void} onLevel the level on screen now
 */

/**
 * Plays a video's HLS, also while it is being made: asks every 2 s until there is something to play,
 * and begins at the start, not at the live edge.
 * @param {{ address: string, audioOnly: boolean, title: string }} video
 * @param {PlayerListener} listener
 */
export function createPlayer({ address, audioOnly, title }, listener) {
  const media = h(audioOnly ? 'audio' : 'video', { controls: true, playsinline: true, 'aria-label': title })
  media.setAttribute('preload', 'auto')
  const message = h('p', { class: 'player-message', role: 'status' })
  const ready = h('p', { class: 'player-ready' })
  const tracks = h('select', { onchange: () => hear(Number(tracks.value)) })
  const sound = h('label', { class: 'player-sound', hidden: true }, 'Sound ', tracks)
  const element = h('div', { class: audioOnly ? 'player audio' : 'player' }, media, message)
  const asking = new AbortController()
  /** @type {import('hls.js').default | null} */
  let hls = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let left = recoveries

  say('Starts playing in a moment')
  void ask()
  return { element, ready, sound, media, setLevel, destroy }

  async function ask() {
    try {
      await checkPlaylist(address, asking.signal)
      start()
    } catch (error) {
      if (asking.signal.aborted) return
      const waiting = error instanceof ApiError && error.code === 'not_playable_yet'
      say(waiting ? 'Starts playing in a moment' : String(error instanceof Error ? error.message : error))
      timer = setTimeout(ask, askAgainMs)
    }
  }

  function start() {
    const Hls = /** @type {typeof import('hls.js').default | undefined} */ (Reflect.get(globalThis, 'Hls'))
    if (Hls?.isSupported()) return startHls(Hls)
    if (!media.canPlayType('application/vnd.apple.mpegurl')) return say('This browser cannot play HLS.')
    media.addEventListener('loadedmetadata', () => say(''), { once: true })
    media.src = address
  }

  /** @param {typeof import('hls.js').default} Hls */
  function startHls(Hls) {
    // A worker would need `blob:` scripts in the content security policy, and fMP4 gives it no work.
    const player = new Hls({ startPosition: media.currentTime, enableWorker: false })
    hls = player
    player.on(Hls.Events.MANIFEST_PARSED, () => {
      say('')
      listener.onLevels(player.levels.map(levelFacts))
    })
    // Subtitles need nothing of ours: hls.js makes text tracks of them, which the browser's controls offer.
    player.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => {
      fill(tracks, ...audioTracks.map(({ name }, index) => h('option', { value: index }, name)))
      tracks.value = String(Math.max(0, player.audioTrack))
      show(sound, audioTracks.length > 1)
    })
    player.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => listener.onLevel(level))
    player.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      setText(ready, details.live ? `${clock(details.edge)} ready to play so far` : '')
    })
    player.on(Hls.Events.FRAG_BUFFERED, () => {
      left = recoveries
    })
    player.on(Hls.Events.ERROR, (_, error) => {
      if (error.fatal) recover(error.type === Hls.ErrorTypes.MEDIA_ERROR, error.details)
    })
    player.loadSource(address)
    player.attachMedia(media)
  }

  /**
   * A broken decoder gets its data again; anything else starts anew at the same time, with a fresh
   * playlist: addresses run out, and a video planned again has new ones.
   * @param {boolean} inDecoder
   * @param {string} details
   */
  function recover(inDecoder, details) {
    left -= 1
    if (left < 0) return say(`Playing stopped (${details}). Reload the page to try again.`)
    if (inDecoder) return hls?.recoverMediaError()
    hls?.destroy()
    hls = null
    timer = setTimeout(ask, askAgainMs)
  }

  /** @param {string} text */
  function say(text) {
    setText(message, text)
    show(message, text !== '')
    element.toggleAttribute('data-waiting', text !== '')
  }

  /** @param {number} index of a level; -1 = chosen by bandwidth */
  function setLevel(index) {
    if (hls) hls.nextLevel = index
  }

  /** @param {number} index of a sound track */
  function hear(index) {
    if (hls) hls.audioTrack = index
  }

  function destroy() {
    asking.abort()
    clearTimeout(timer)
    hls?.destroy()
    media.removeAttribute('src')
  }
}

/**
 * @param {import('hls.js').Level} level
 * @param {number} index
 * @returns {Level}
 */
function levelFacts(level, index) {
  return { index, width: level.width, height: level.height, bitrateBps: level.bitrate }
}
