// @ts-check
import { act, getRuns } from '../base/api.js'
import { confirmAction, notify } from '../base/dialogs.js'
import { fill, h, icon, setText, show } from '../base/dom.js'
import { clock, humanise, nameOf, sentence } from '../base/format.js'
import { copyButton, createPill, timeAgo } from '../base/widgets.js'
import { adviceFor } from './failure-words.js'
import { taskWords } from './run-words.js'
import { logOf } from './runs-panel.js'

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

/** @typedef {'cancel' | 'retry' | 'delete'} Action */

/**
 * @typedef {object} ActionListener
 * @property {(action: Action) => void} onActing it is about to be asked for
 * @property {(action: Action, done: boolean) => void} onActed false = it was refused
 */

/** @param {string} words `Chunk 2` → `chunk 2`, but MP4 stays */
const inSentence = (words) =>
  /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words

/**
 * Title, status, what can be done with it, and why it failed if it did.
 * @param {{ id: string } & ActionListener} options
 */
export function createHeader({ id, onActing, onActed }) {
  const pill = createPill()
  const title = h('h1', { tabindex: -1, dir: 'auto' })
  const meta = h('span', { class: 'parts' })
  const cancel = button('Cancel', 'cancel')
  const retry = button('Retry', 'retry', 'primary')
  const remove = button('Delete', 'delete')
  const problem = h('div', { class: 'problem', role: 'alert', hidden: true })
  const log = h('div', { class: 'problem-log', hidden: true })
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
    log,
  )
  return { element, setVideo, setStatus, loadLog }

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
    setProblem(video.error)
  }

  /** @param {Video['error']} error */
  function setProblem(error) {
    show(problem, error !== null)
    show(log, error !== null && log.childElementCount > 0)
    if (!error || problem.dataset.code === error.code) return
    problem.dataset.code = error.code
    fill(
      problem,
      h('p', {}, sentence(error.message)),
      h('p', { class: 'advice' }, adviceFor(error.code)),
      h('code', {}, error.code),
    )
  }

  /** What ffmpeg said in the run that the video failed with. @param {AbortSignal} [signal] */
  async function loadLog(signal) {
    const [run] = (await getRuns(id, { outcome: 'failed', limit: 1 }, signal)).runs
    const said = run?.error?.stderr
    show(log, said !== undefined)
    if (!run || !said || log.textContent?.endsWith(said)) return
    fill(
      log,
      h('h2', {}, `What ffmpeg said last, in ${inSentence(taskWords(run))} on ${run.worker}`),
      logOf(said),
    )
  }

  /** @param {Video['status']} status */
  function setStatus(status) {
    pill.set(status)
    show(cancel, status === 'queued' || status === 'processing')
    show(retry, status === 'failed' || status === 'cancelled')
  }

  /**
   * @param {string} label
   * @param {Action} action
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
      onActing(action)
      try {
        await act(id, action)
        onActed(action, true)
      } catch (error) {
        onActed(action, false)
        notify(error)
      } finally {
        element.disabled = false
      }
    }
  }
}
