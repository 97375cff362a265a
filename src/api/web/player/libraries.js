// @ts-check
import { h } from '../base/dom.js'

/** @typedef {typeof import('hls.js').default} HlsClass */

/** @type {Promise<unknown> | undefined} */
let loading

/**
 * hls.js and media-chrome, fetched when the first player is made: the list of videos needs neither.
 * media-chrome registers its elements; those that stand in the page already come to life.
 * @returns {Promise<HlsClass | undefined>}
 */
export async function loadLibraries() {
  loading ??= Promise.all(['/vendor/hls.min.js', '/vendor/media-chrome.js'].map(loadScript))
  await loading
  return Reflect.get(globalThis, 'Hls')
}

/** @param {string} src */
function loadScript(src) {
  return new Promise((resolve, reject) => {
    const failed = () => {
      loading = undefined
      reject(new Error('A part of the player could not be loaded. Reload the page to try again.'))
    }
    document.head.append(h('script', { src, onload: resolve, onerror: failed }))
  })
}
