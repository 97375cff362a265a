// @ts-check
import { getVideo } from '../base/api.js'
import { fill, h } from '../base/dom.js'
import { nameOf } from '../base/format.js'
import { createPlayer } from './player.js'

/** The bare player of `/embed/{id}`, made to be framed by other pages. */
const id = decodeURIComponent(location.pathname.split('/').at(-1) ?? '')
try {
  const video = await getVideo(id)
  const audioOnly = video.media !== null && video.media.video === null
  const player = createPlayer(
    { address: video.links.hls, audioOnly, title: nameOf(video) },
    { onLevels: () => {}, onLevel: () => {} },
  )
  fill(document.body, player.element)
} catch (error) {
  fill(
    document.body,
    h('p', { class: 'player-message' }, error instanceof Error ? error.message : String(error)),
  )
}
