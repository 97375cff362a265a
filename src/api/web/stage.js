// @ts-check
import { fill, h, setText, show } from './dom.js'
import { nameOf } from './format.js'
import { createLadder } from './ladder.js'
import { createPlayer } from './player.js'
import { copyButton } from './widgets.js'

/** @typedef {import('./types.js').Video} Video */
/** @typedef {import('./types.js').Snapshot} Snapshot */

/** The player, or why there is none, with the ladder and the playlist's address. */
export function createStage() {
  /** @type {ReturnType<typeof createPlayer> | null} */
  let player = null
  const place = h('div', { class: 'screen' })
  const ready = h('div', { class: 'screen-note' })
  const address = h('input', {
    class: 'mono',
    readonly: true,
    'aria-label': 'HLS address',
    onfocus: selectAll,
  })
  const foot = h(
    'div',
    { class: 'screen-foot' },
    ready,
    h(
      'div',
      { class: 'address' },
      address,
      copyButton(() => address.value, 'Copy HLS address'),
    ),
  )
  const ladder = createLadder((level) => player?.setLevel(level))
  const element = h(
    'section',
    { class: 'stage-area', 'aria-label': 'Player' },
    h('div', {}, place, foot),
    ladder.element,
  )
  return { element, setVideo, setProgress, destroy: stop }

  /** @param {Video} video */
  function setVideo(video) {
    const top = video.resolutions[0]
    if (top) place.style.setProperty('--ratio', `${top.width} / ${top.height}`)
    const audioOnly = video.media !== null && video.media.video === null
    place.toggleAttribute('data-audio', audioOnly)
    element.toggleAttribute('data-alone', video.resolutions.length === 0)
    address.value = new URL(video.links.hls, location.href).href
    ladder.setVideo(video)
    const playable = video.status === 'completed' || (video.status === 'processing' && video.media !== null)
    show(foot, playable)
    if (!playable) {
      stop()
      fill(place, h('p', { class: 'player-message' }, whyNot(video)))
    } else if (!player) {
      player = createPlayer(
        { address: address.value, audioOnly, title: nameOf(video) },
        { onLevels: ladder.setLevels, onLevel: ladder.setCurrent },
      )
      fill(place, player.element)
      fill(ready, player.ready)
    }
  }

  /**
   * @param {Snapshot} snapshot
   * @param {Video | null} video
   */
  function setProgress(snapshot, video) {
    ladder.setProgress(snapshot, video)
    if (!player && snapshot.status === 'queued') {
      const words = place.querySelector('.player-message')
      if (words) setText(words, 'Plays here as soon as the first seconds are made')
    }
  }

  function stop() {
    player?.destroy()
    player = null
    ladder.setLevels([])
  }
}

/** @param {Video} video */
function whyNot(video) {
  if (video.status === 'failed') return 'Nothing to play: the video failed'
  if (video.status === 'cancelled') return 'Nothing to play: the video was cancelled'
  return 'Plays here as soon as the first seconds are made'
}

/** @param {FocusEvent & { target: HTMLInputElement }} event */
function selectAll(event) {
  event.target.select()
}
