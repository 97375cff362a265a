// @ts-check
import { fill, h, show } from '../base/dom.js'
import { createPlayer } from '../player/player.js'
import { createLadder } from './ladder.js'

/** @typedef {import('../base/types.js').Video} Video */

/** The player, or why there is none, with the ladder. */
export function createStage() {
  /** @type {ReturnType<typeof createPlayer> | null} */
  let player = null
  const place = h('div', { class: 'screen' })
  const ladder = createLadder((level) => player?.setLevel(level))
  const element = h('section', { class: 'stage-area', 'aria-label': 'Player' }, place, ladder.element)
  return { element, setVideo, setProgress: ladder.setProgress, destroy: stop }

  /** @param {Video} video */
  function setVideo(video) {
    const top = video.resolutions[0]
    if (top) place.style.setProperty('--ratio', `${top.width} / ${top.height}`)
    const audioOnly = video.media !== null && video.media.video === null
    place.toggleAttribute('data-audio', audioOnly)
    element.toggleAttribute('data-alone', video.media !== null && video.resolutions.length === 0)
    ladder.setVideo(video)
    show(element, video.status !== 'failed' && video.status !== 'cancelled')
    const playable = video.status === 'completed' || (video.status === 'processing' && video.media !== null)
    if (!playable) {
      stop()
      fill(place, h('p', { class: 'player-message' }, 'Plays here as soon as the first seconds are made'))
    } else if (player) {
      player.setVideo(video)
    } else {
      player = createPlayer(video, {
        onLevels: ladder.setLevels,
        onLevel: ladder.setCurrent,
        onChoice: ladder.setChosen,
      })
      fill(place, player.element)
    }
  }

  function stop() {
    player?.destroy()
    player = null
    ladder.setLevels([])
  }
}
