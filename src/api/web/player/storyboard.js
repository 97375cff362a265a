// @ts-check
import { h } from '../base/dom.js'

/**
 * The pictures above the seek bar: media-chrome reads the cues of a track with this kind and label
 * (https://www.media-chrome.org/docs/en/components/media-preview-thumbnail).
 * @param {HTMLMediaElement} media
 */
export function createStoryboard(media) {
  /** @type {HTMLTrackElement | null} */
  let track = null
  return {
    /** @param {string | null} address of the WebVTT; null = there is none, or not yet */
    set(address) {
      if (address === (track?.getAttribute('src') ?? null)) return
      track?.remove()
      track = address
        ? h('track', { kind: 'metadata', label: 'thumbnails', default: true, src: address })
        : null
      if (!track) return
      media.append(track)
      // `default` alone counts while the element looks for its tracks; cues are loaded in this mode.
      track.track.mode = 'hidden'
    },
  }
}
