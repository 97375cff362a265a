// @ts-check
import { ApiError } from '../base/api.js'
import { fill, h, show } from '../base/dom.js'
import { close } from './ledger.js'
import { createJob, deleteUpload } from './upload-api.js'

/** @typedef {import('./ledger.js').Job} Job */

const longestPauseMs = 30_000

/** What became of the files that have arrived: a row each, from the job's start to the link to its video. */
export function createSubmissions() {
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map()
  const list = h('ul', { class: 'submissions' })
  const after = h('p', { class: 'hint' }, 'They are in ', h('a', { href: '#/' }, 'the list of videos'), '.')
  const element = h(
    'section',
    { class: 'panel', 'aria-live': 'polite' },
    h('h2', {}, 'Handed in'),
    list,
    after,
  )
  showWhatThereIs()

  function showWhatThereIs() {
    show(element, rows.size > 0)
    show(after, rows.size > 0 && [...rows.values()].every((row) => row.isMade()))
  }

  /**
   * Makes the job, once however often it is called, and for as long as the server has no time for it.
   * @param {{ id: string, job: Job }} submission `id`: of the upload, or any new one for a URL
   */
  async function submit({ id, job }) {
    const row = rowFor(id, job)
    if (row.isAsking()) return
    row.asking()
    showWhatThereIs()
    try {
      const { id: videoId } = await patiently(() => createJob(job, id), row.waiting)
      close(id)
      row.made(videoId)
    } catch (error) {
      row.refused(error instanceof Error ? error.message : String(error))
    }
    showWhatThereIs()
  }

  /**
   * @param {string} id
   * @param {Job} job
   */
  function rowFor(id, job) {
    const known = rows.get(id)
    if (known) return known
    const row = createRow({ title: job.title, onRetry: () => submit({ id, job }), onDrop: () => drop(id) })
    rows.set(id, row)
    list.prepend(row.element)
    return row
  }

  /** @param {string} id */
  function drop(id) {
    rows.get(id)?.element.remove()
    rows.delete(id)
    close(id)
    deleteUpload(id).catch(() => {}) // expires by itself otherwise
    showWhatThereIs()
  }

  return { element, submit, isBusy: () => [...rows.values()].some((row) => row.isAsking()) }
}

/** @param {{ title: string, onRetry: () => void, onDrop: () => void }} options */
function createRow({ title, onRetry, onDrop }) {
  /** @type {'new' | 'asking' | 'made' | 'refused'} */
  let state = 'new'
  const name = h('span', { class: 'submission-title' }, title)
  const says = h('span', { class: 'submission-state' })
  const actions = h('span', { class: 'actions' })
  const element = h('li', { class: 'submission' }, name, says, actions)

  /** @param {typeof state} next */
  function enter(next) {
    state = next
    element.dataset.state = next
    fill(actions)
  }

  return {
    element,
    isMade: () => state === 'made',
    isAsking: () => state === 'asking',
    asking() {
      enter('asking')
      fill(says, 'Starting the job…')
    },
    /** @param {string} why */
    waiting(why) {
      fill(says, `${why} Trying again by itself…`)
    },
    /** @param {string} videoId */
    made(videoId) {
      enter('made')
      fill(name, h('a', { href: `#/videos/${videoId}` }, title))
      fill(says, 'Being made')
    },
    /** @param {string} why */
    refused(why) {
      enter('refused')
      fill(says, why)
      fill(
        actions,
        h('button', { type: 'button', class: 'button', onclick: onRetry }, 'Retry'),
        h('button', { type: 'button', class: 'button quiet', onclick: onDrop }, 'Discard'),
      )
    },
  }
}

/**
 * Asks until there is an answer that would be the same the next time.
 * @template Answer
 * @param {() => Promise<Answer>} ask
 * @param {(why: string) => void} onWait
 */
async function patiently(ask, onWait) {
  for (let pauseMs = 1000; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
      onWait(error.message)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/**
 * @param {unknown} error
 * @returns {error is ApiError} no answer, or one that says: not now
 */
function isPassing(error) {
  if (!(error instanceof ApiError)) return false
  return error.status === 0 || error.status === 503 || error.code === 'idempotency_key_in_use'
}
