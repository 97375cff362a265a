// @ts-check
import { submitGuide } from '../base/dialogs.js'
import { fill, h, loadStyle } from '../base/dom.js'
import { createJobOptions } from './job-options.js'
import { unfinished } from './ledger.js'
import { createNotes } from './notes.js'
import { followSending } from './sending.js'
import { createSubmissions } from './submissions.js'
import { becomeKeeper } from './tab-lock.js'
import { maxSourceBytes } from './upload-api.js'
import { createUploader } from './uploader.js'
import { createUrlForm } from './url-form.js'

/** Made once: an upload goes on while the person looks at something else, and is there again on return. */
/** @type {HTMLElement | undefined} */
let page

/**
 * How a video gets in: files, an address on the web, or a terminal.
 * @param {HTMLElement} root
 * @returns {() => void} ends the view, and no upload
 */
export function uploadView(root) {
  document.title = 'Upload – Stepladder'
  page ??= createPage()
  fill(root, h('h1', { tabindex: -1 }, 'Upload'), page)
  return () => {}
}

/** For the start of the app: what a tab before this one has left unfinished is taken up in every view. */
export function continueUploads() {
  if (unfinished().length > 0) page ??= createPage()
}

function createPage() {
  const notes = createNotes()
  const submissions = createSubmissions()
  const jobOptions = createJobOptions()
  const dashboard = h('div', { class: 'uploader', 'aria-busy': true })
  const urlForm = createUrlForm({ options: jobOptions.chosen, submit: submissions.submit })
  void start()
  return h(
    'div',
    { class: 'upload' },
    h('div', { class: 'upload-files' }, notes.element, dashboard, submissions.element),
    h('div', { class: 'upload-side' }, jobOptions.element, urlForm),
    h('details', { class: 'panel terminal' }, h('summary', {}, 'From a terminal'), submitGuide()),
  )

  async function start() {
    const [maxBytes, isKeeper] = await Promise.all([
      maxSourceBytes().catch(() => null), // then the server says no, also before a byte is sent
      becomeKeeper(),
      jobOptions.load().catch((error) => notes.say('profiles', { text: error.message, wrong: true })),
      loadStyle('/web/upload/dashboard.css'),
    ])
    const options = jobOptions.chosen
    const uppy = await createUploader({ target: dashboard, isKeeper, maxBytes, options, notes, submissions })
    dashboard.setAttribute('aria-busy', 'false')
    if (!isKeeper) notes.say('keeper', { text: otherTab })
    followSending({ uppy, submissions })
  }
}

const otherTab = 'Another tab has the uploads that can go on later. What is begun here ends with this tab.'
