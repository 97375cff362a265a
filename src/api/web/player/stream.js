// @ts-check
import { ApiError, checkPlaylist } from '../base/api.js'
import { loadLibraries } from './libraries.js'

const askAgainMs = 2000
const recoveries = 3

/** @typedef {import('./tracks.js').Level} Level */

/**
 * @typedef {object} StreamListener
 * @property {(text: string) => void} onMessage why nothing plays; empty = it does
 * @property {(levels: Level[]) => void} onLevels what can be chosen; empty = the browser chooses
 * @property {(index: number) => void} onLevel the level on screen now
 * @property {(tracks: { name: string, lang?: string | undefined }[]) => void} onSounds
 * @property {(index: number) => void} onSound the sound track that is heard
 * @property {(seconds: number | null) => void} onReady how much is there of a video being made; null = all
 */

/**
 * Feeds a media element with a video's HLS, also while it is being made: asks every 2 s until there is
 * something to play, and begins at `startS`, not at the live edge.
 * @param {{ media: HTMLMediaElement, address: string, startS: number }} what
 * @param {StreamListener} listener
 */
export function createStream({ media, address, startS }, listener) {
  const asking = new AbortController()
  /** @type {import('hls.js').default | null} */
  let hls = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let left = recoveries

  listener.onMessage(waitingText)
  void ask()
  return { setLevel, setSound, destroy }

  async function ask() {
    try {
      const Hls = await loadLibraries()
      await checkPlaylist(address, asking.signal)
      if (!asking.signal.aborted) start(Hls)
    } catch (error) {
      if (asking.signal.aborted) return
      const code = error instanceof ApiError ? error.code : ''
      const text = error instanceof Error ? error.message : String(error)
      listener.onMessage(code === 'not_playable_yet' ? waitingText : text)
      if (!isForGood(code)) timer = setTimeout(ask, askAgainMs)
    }
  }

  /** @param {import('./libraries.js').HlsClass | undefined} Hls */
  function start(Hls) {
    if (Hls?.isSupported()) return startHls(Hls)
    if (!media.canPlayType('application/vnd.apple.mpegurl'))
      return listener.onMessage('This browser cannot play HLS.')
    const onMetadata = () => {
      listener.onMessage('')
      if (startS > 0) media.currentTime = startS
    }
    media.addEventListener('loadedmetadata', onMetadata, { once: true })
    media.src = address
  }

  /** @param {import('./libraries.js').HlsClass} Hls */
  function startHls(Hls) {
    // A worker would need `blob:` scripts in the content security policy, and fMP4 gives it no work.
    const player = new Hls({ startPosition: media.currentTime || startS, enableWorker: false })
    hls = player
    player.on(Hls.Events.MANIFEST_PARSED, () => {
      listener.onMessage('')
      // hls.js makes text tracks of subtitles; they are shown when a person chooses one.
      player.subtitleDisplay = false
      listener.onLevels(player.levels.map(levelFacts))
    })
    player.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => {
      listener.onSounds(audioTracks)
      listener.onSound(player.audioTrack)
    })
    player.on(Hls.Events.AUDIO_TRACK_SWITCHING, (_, { id }) => listener.onSound(id))
    player.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => listener.onLevel(level))
    player.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      listener.onReady(details.live ? details.edge : null)
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
    if (left < 0) return listener.onMessage(`Playing stopped (${details}). Reload the page to try again.`)
    if (inDecoder) return hls?.recoverMediaError()
    hls?.destroy()
    hls = null
    timer = setTimeout(ask, askAgainMs)
  }

  /** @param {number} index of a level; -1 = chosen by bandwidth */
  function setLevel(index) {
    // To set it drops what is loaded ahead, also where it changes nothing.
    if (hls && hls.manualLevel !== index) hls.nextLevel = index
  }

  /** @param {number} index of a sound track */
  function setSound(index) {
    if (hls) hls.audioTrack = index
  }

  function destroy() {
    asking.abort()
    clearTimeout(timer)
    hls?.destroy()
    hls = null
    media.removeAttribute('src')
  }
}

const waitingText = 'Starts playing in a moment'

/** Asking again would not help: the video is gone, or nothing will come of it. @param {string} code */
function isForGood(code) {
  return code === 'video_not_found' || code === 'not_playable'
}

/**
 * @param {import('hls.js').Level} level
 * @param {number} index
 * @returns {Level}
 */
function levelFacts(level, index) {
  const name = /([^/]+)\.m3u8/.exec(level.uri)?.[1] ?? `${Math.min(level.width, level.height)}p`
  return { index, name, width: level.width, height: level.height, bitrateBps: level.bitrate }
}
