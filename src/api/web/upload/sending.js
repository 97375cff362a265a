// @ts-check
import { h, setText } from '../base/dom.js'

/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */

/**
 * Shows beside the menu's word how far the uploads are, in every view, and asks before the tab is closed on
 * them.
 * @param {{ uppy: import('./uppy-types.js').Uppy, submissions: { isBusy(): boolean } }} page
 */
export function followSending({ uppy, submissions }) {
  const mark = h('span', { class: 'menu-note' })
  document.querySelector('.top nav a[href="#/upload"]')?.append(mark)
  uppy.on('state-update', () => setText(mark, markOf(uppy)))
  setText(mark, markOf(uppy))

  addEventListener('beforeunload', (event) => {
    if (uppy.getFiles().some(isBeingSent) || submissions.isBusy()) event.preventDefault()
  })
}

/** @param {import('./uppy-types.js').Uppy} uppy */
function markOf(uppy) {
  const files = uppy.getFiles()
  if (files.some((file) => file.isGhost)) return 'unfinished'
  if (files.some((file) => file.error)) return 'stopped'
  return files.some(isBeingSent) ? `${uppy.getState().totalProgress} %` : ''
}

/** @param {UppyFile} file */
const isBeingSent = ({ progress, error }) =>
  Boolean(progress.uploadStarted) && !progress.uploadComplete && !error
