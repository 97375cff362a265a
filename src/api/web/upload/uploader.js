// @ts-check
import { allowedFileTypes, isInParts, partBytes, refusalOf, titleOf } from './checks.js'
import { close, unfinished } from './ledger.js'
import { goingOn, settle, takeUpRestored } from './recovery.js'
import { createSigning } from './signing.js'
import { watchStops } from './stops.js'
import { deleteUpload } from './upload-api.js'
import { dashboardWords } from './words.js'

/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */

const filesAtOnce = 3

/**
 * @typedef {object} Surroundings
 * @property {HTMLElement} target where the Dashboard goes
 * @property {boolean} isKeeper false: another tab is at it, and two cannot keep the same notes
 * @property {number | null} maxBytes
 * @property {() => import('./job-options.js').JobOptions} options
 * @property {ReturnType<typeof import('./notes.js').createNotes>} notes
 * @property {ReturnType<typeof import('./submissions.js').createSubmissions>} submissions
 */

/**
 * Uppy with its Dashboard and its S3 plugin, which sends files in parts straight to the store. Golden
 * Retriever keeps what a tab has begun for the next one.
 * @param {Surroundings} surroundings
 */
export async function createUploader({ target, isKeeper, maxBytes, options, notes, submissions }) {
  const { Uppy, Dashboard, AwsS3, GoldenRetriever } = await import('/vendor/uppy.mjs')
  const known = isKeeper ? unfinished() : []
  const signing = createSigning({ getFile: (id) => uppy.getFile(id), options, known })
  /** @type {import('./uppy-types.js').Uppy} */
  const uppy = new Uppy({
    id: 'stepladder',
    restrictions: { allowedFileTypes },
    onBeforeFileAdded: (file, files) => admit(file, { files, maxBytes, notes, signing }),
    logger: { debug() {}, warn() {}, error() {} }, // what goes wrong is said on the page
  })
  uppy.use(AwsS3, {
    shouldUseMultipart: isInParts,
    getChunkSize: partBytes,
    limit: filesAtOnce,
    allowedMetaFields: false,
    generateObjectKey: (file) => file.id,
    signRequest: signing.signRequest,
  })
  uppy.on('upload', (_id, files) => {
    for (const { id, meta } of files) {
      notes.remove(id)
      if (!meta.asked) uppy.setFileMeta(id, { ...meta, asked: options() })
      signing.refresh(id)
    }
  })
  uppy.on('upload-success', async (file) => {
    if (!file) return
    const upload = await signing.uploadOf(file.id)
    signing.release(file.id)
    void submissions.submit(upload)
  })
  uppy.on('file-removed', (file) => {
    notes.remove(file.id)
    const upload = signing.entryOf(file.id)
    if (file.progress.uploadComplete || !upload) return
    signing.release(file.id)
    close(upload.id)
    deleteUpload(upload.id).catch(() => {}) // expires by itself otherwise
  })
  watchStops({ uppy, signing, notes })
  if (isKeeper) {
    const arrived = await settle({ signing, notes, submissions })
    uppy.on('restored', () => takeUpRestored(uppy, { arrived, signing, notes }))
    uppy.use(GoldenRetriever)
  }
  uppy.use(Dashboard, dashboardOptions(target))
  return uppy
}

/**
 * @param {UppyFile} file
 * @param {{
 *   files: Record<string, UppyFile>,
 *   signing: ReturnType<typeof createSigning>,
 * } & Pick<Surroundings, 'maxBytes' | 'notes'>} page
 */
function admit(file, { files, maxBytes, notes, signing }) {
  if (file.meta.filename) return true // one that is chosen again, to go on
  const listed = files[file.id]
  const why = listed && !listed.isGhost ? `${file.name} is in the list already.` : refusalOf(file, maxBytes)
  if (why) {
    notes.say(`refused ${file.id}`, { text: why, wrong: true })
    return false
  }
  const named = { ...file, meta: { ...file.meta, filename: file.name, name: titleOf(file.name) } }
  const entry = signing.entryOf(file.id)
  return entry ? goingOn(named, entry) : named
}

/** @param {HTMLElement} target */
function dashboardOptions(target) {
  return {
    target,
    inline: /** @type {const} */ (true),
    width: '100%',
    height: 400,
    singleFileFullScreen: false,
    metaFields: [{ id: 'name', name: 'Title' }],
    note: 'Video and sound files. They go to the store in parts, and go on after a closed tab.',
    locale: dashboardWords,
    proudlyDisplayPoweredByUppy: false,
    disableThumbnailGenerator: true, // it draws pictures only, and these are films
    disableInformer: true, // its sentences vanish; the notes stay
  }
}
