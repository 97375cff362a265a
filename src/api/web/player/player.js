// @ts-check
import { h, setText, show } from '../base/dom.js'
import { clock, nameOf } from '../base/format.js'
import { createControls } from './controls.js'
import { createStoryboard } from './storyboard.js'
import { createStream } from './stream.js'
import { createRenditions, createSounds } from './tracks.js'

/** @typedef {import('../base/types.js').Video} Video */
/** @typedef {import('./tracks.js').Level} Level */

/**
 * @typedef {object} PlayerListener
 * @property {(levels: Level[]) => void} [onLevels] what can be chosen; empty = the browser chooses
 * @property {(index: number) => void} [onLevel] the level on screen now
 * @property {(index: number) => void} [onChoice] of a level, wherever it was made; -1 = by bandwidth
 */

/**
 * @typedef {object} PlayerOptions
 * @property {string} [title] shown above the picture
 * @property {boolean} [remembers] keeps volume and language of captions in the browser
 * @property {number} [startS]
 */

/**
 * A video's player with its menus, also while the video is being made.
 * @param {Video} video
 * @param {PlayerListener} listener
 * @param {PlayerOptions} [options]
 */
export function createPlayer(video, listener, { title = '', remembers = true, startS = 0 } = {}) {
  const audioOnly = video.media !== null && video.media.video === null
  const media = h(audioOnly ? 'audio' : 'video', { playsinline: true })
  media.preload = 'auto'
  const message = h('p', { class: 'player-message', role: 'status' })
  const renditions = createRenditions((index) => {
    stream.setLevel(index)
    listener.onChoice?.(index)
  })
  const sounds = createSounds((index) => stream.setSound(index))
  offerLists(media, { videoRenditions: renditions.list, audioTracks: sounds.list })
  const controls = createControls(media, { title, remembers })
  const storyboard = createStoryboard(media)
  const element = h('div', { class: audioOnly ? 'player audio' : 'player' }, controls.element, message)
  for (const event of ['addtrack', 'removetrack']) media.textTracks.addEventListener(event, offerMenus)

  const stream = createStream(
    { media, address: video.links.hls, startS },
    {
      ...{ onMessage, onLevels, onSounds, onReady },
      onLevel: (index) => listener.onLevel?.(index),
      onSound: sounds.setCurrent,
    },
  )
  setVideo(video)
  return { element, media, setVideo, setLevel: renditions.select, destroy: stream.destroy }

  /** @param {Video} next the same one, further on */
  function setVideo(next) {
    media.setAttribute('aria-label', nameOf(next))
    if (!audioOnly && next.links.poster) media.setAttribute('poster', next.links.poster)
    storyboard.set(audioOnly ? null : next.links.storyboard)
  }

  /** @param {string} text */
  function onMessage(text) {
    setText(message, text)
    show(message, text !== '')
  }

  /** @param {Level[]} levels */
  function onLevels(levels) {
    renditions.set(levels)
    listener.onLevels?.(levels)
    offerMenus()
  }

  /** @param {{ name: string, lang?: string | undefined }[]} tracks */
  function onSounds(tracks) {
    sounds.set(tracks)
    offerMenus()
  }

  function offerMenus() {
    controls.offer({
      quality: renditions.list.length > 1,
      sound: sounds.list.length > 1,
      captions: [...media.textTracks].some(({ kind }) => kind === 'subtitles' || kind === 'captions'),
    })
  }

  /** @param {number | null} seconds */
  function onReady(seconds) {
    setText(controls.ready, seconds === null ? '' : `${clock(seconds)} ready, more is being made`)
    show(controls.ready, seconds !== null)
  }
}

/**
 * media-chrome reads these lists off the media element. A browser that plays HLS by itself, and has no
 * Media Source Extensions for hls.js, has its own.
 * @param {HTMLMediaElement} media
 * @param {Record<string, object>} lists
 */
function offerLists(media, lists) {
  if (!('MediaSource' in globalThis) && !('ManagedMediaSource' in globalThis)) return
  for (const [name, value] of Object.entries(lists)) Object.defineProperty(media, name, { value })
}
