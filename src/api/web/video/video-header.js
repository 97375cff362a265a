// @ts-check
import { act } from '../base/api.js'
import { confirmAction, notify } from '../base/dialogs.js'
import { fill, h, icon, setText, show } from '../base/dom.js'
import { clock, humanise, nameOf } from '../base/format.js'
import { copyButton, createPill, timeAgo } from '../base/widgets.js'

/** @typedef {import('../base/types.js').Video} Video */

const questions = {
  cancel: {
    title: 'Cancel this video?',
    text: 'The work stops at once. What is done so far is kept for a while, so a retry goes on from there.',
    yes: 'Cancel the video',
    no: 'Keep going',
    danger: false,
  },
  delete: {
    title: 'Delete this video?',
    text: 'The video, its renditions and its source are removed for good. This cannot be undone.',
    yes: 'Delete for good',
    no: 'Keep it',
    danger: true,
  },
}

/**
 * Title, status, what can be done with it, and why it failed if it did.
 * @param {{ id: string, onDeleting: (now: boolean) => void, onActed: (action: 'cancel' | 'retry' | 'delete') => void }} options
 */
export function createHeader({ id, onDeleting, onActed }) {
  const pill = createPill()
  const title = h('h1', { tabindex: -1, dir: 'auto' })
  const meta = h('span', { class: 'parts' })
  const cancel = button('Cancel', 'cancel')
  const retry = button('Retry', 'retry', 'primary')
  const remove = button('Delete', 'delete')
  const problem = h('div', { class: 'problem', role: 'alert', hidden: true })
  const element = h(
    'header',
    { class: 'video-head' },
    h('a', { class: 'back', href: '#/' }, icon('back'), 'All videos'),
    h('div', { class: 'video-title' }, title, pill.element),
    h(
      'p',
      { class: 'meta' },
      meta,
      h('span', { class: 'mono' }, id),
      copyButton(() => id, 'Copy id'),
    ),
    h('div', { class: 'actions' }, cancel, retry, remove),
    problem,
  )
  return { element, setVideo, setStatus }

  /** @param {Video} video */
  function setVideo(video) {
    setText(title, nameOf(video))
    const parts = [
      timeAgo(video.created_at),
      video.media?.duration_s ? clock(video.media.duration_s) : null,
      video.priority === 'normal' ? null : `${humanise(video.priority)} priority`,
    ]
    fill(meta, ...parts.filter((part) => part !== null).map((part) => h('span', {}, part)))
    setStatus(video.status)
    show(problem, video.error !== null)
    if (video.error) fill(problem, h('p', {}, video.error.message), h('code', {}, video.error.code))
  }

  /** @param {Video['status']} status */
  function setStatus(status) {
    pill.set(status)
    show(cancel, status === 'queued' || status === 'processing')
    show(retry, status === 'failed' || status === 'cancelled')
  }

  /**
   * @param {string} label
   * @param {'cancel' | 'retry' | 'delete'} action
   * @param {string} [look]
   */
  function button(label, action, look = '') {
    const element = h(
      'button',
      { type: 'button', class: `button ${look}`, 'data-action': action, onclick: run },
      label,
    )
    return element

    async function run() {
      if (action !== 'retry' && !(await confirmAction(questions[action]))) return
      element.disabled = true
      if (action === 'delete') onDeleting(true)
      try {
        await act(id, action)
        onActed(action)
      } catch (error) {
        if (action === 'delete') onDeleting(false)
        notify(error)
      } finally {
        element.disabled = false
      }
    }
  }
}
