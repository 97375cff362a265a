// @ts-check
import { fill, h } from './dom.js'
import { codeBlock } from './widgets.js'

/**
 * Asks before something that cannot be taken back. True = yes.
 * @param {{ title: string, text: string, yes: string, no: string, danger: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirmAction({ title, text, yes, no, danger }) {
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-label': title },
    h('h2', {}, title),
    h('p', {}, text),
    h(
      'form',
      { method: 'dialog', class: 'actions' },
      h('button', { class: 'button', value: 'no', autofocus: true }, no),
      h('button', { class: danger ? 'button danger' : 'button primary', value: 'yes' }, yes),
    ),
  )
  return new Promise((resolve) => {
    openDialog(dialog, () => resolve(dialog.returnValue === 'yes'))
  })
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {() => void} onClose
 */
function openDialog(dialog, onClose) {
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // the backdrop belongs to the dialog itself
  })
  dialog.addEventListener('close', () => {
    dialog.remove()
    onClose()
  })
  document.body.append(dialog)
  dialog.showModal()
}

/** The two ways in, as commands with this server's own address. */
export function submitGuide() {
  return h(
    'div',
    { class: 'guide' },
    h('h3', {}, 'A file on this machine'),
    h('p', {}, 'Get an address to upload to, send the file there, then start the job.'),
    codeBlock(uploadCommands(location.origin)),
    h('h3', {}, 'A file on the web'),
    h('p', {}, 'Stepladder fetches it by itself.'),
    codeBlock(urlCommand(location.origin)),
  )
}

/** @param {string} origin */
function uploadCommands(origin) {
  return [
    `upload=$(curl -sX POST ${origin}/uploads)`,
    `field() { echo "$upload" | sed "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/"; }`,
    'curl -T film.mp4 "$(field url)"',
    `curl --retry 3 ${origin}/jobs -H 'content-type: application/json' \\`,
    '  -H "idempotency-key: $(field id)" \\',
    `  -d '{"title":"My film","source":{"key":"'"$(field key)"'"}}'`,
  ].join('\n')
}

/** @param {string} origin */
function urlCommand(origin) {
  return [
    `curl --retry 3 ${origin}/jobs -H 'content-type: application/json' \\`,
    '  -H "idempotency-key: $(uuidgen)" \\',
    `  -d '{"source":{"url":"https://example.com/film.mp4"}}'`,
  ].join('\n')
}

/**
 * Says in one sentence what went wrong, at the foot of the window, until the next one or a click.
 * @param {unknown} error
 */
export function notify(error) {
  const place = document.getElementById('notices')
  if (!place) return
  const text = error instanceof Error ? error.message : String(error)
  const dismiss = h(
    'button',
    { type: 'button', class: 'button quiet', onclick: () => fill(place) },
    'Dismiss',
  )
  fill(place, h('div', { class: 'notice' }, h('p', {}, text), dismiss))
}
