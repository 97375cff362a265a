// @ts-check
import { allowedFileTypes, isInParts, partBytes, refusalOf, titleOf } from './checks.js'
import { forget } from './ledger.js'
import { settle, takeUpRestored } from './recovery.js'
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
  /** @type {import('./uppy-types.js').Uppy} */
  const uppy = new Uppy({
    id: 'stepladder',
    restrictions: { allowedFileTypes },
    onBeforeFileAdded: (file, files) => admit(file, { files, maxBytes, notes }),
    logger: { debug() {}, warn() {}, error() {} }, // what goes wrong is said on the page
  })
  const signing = createSigning({ getFile: (id) => uppy.getFile(id), options })

  uppy.use(AwsS3, {
    shouldUseMultipart: isInParts,
    getChunkSize: partBytes,
    limit: filesAtOnce,
    allowedMetaFields: false,
    generateObjectKey: (file) => file.id,
    signRequest: signing.signRequest,
  })
  uppy.on('upload', (_id, files) => {
    for (const { id, meta } of files) if (!meta.asked) uppy.setFileMeta(id, { ...meta, asked: options() })
  })
  uppy.on('upload-success', async (file) => {
    if (!file) return
    const upload = await signing.uploadOf(file.id)
    signing.release(file.id)
    void submissions.submit(upload)
  })
  uppy.on('file-removed', async (file) => {
    notes.remove(file.id)
    if (file.progress.uploadComplete || !signing.isKnown(file.id)) return
    const { id } = await signing.uploadOf(file.id)
    signing.release(file.id)
    forget(id)
    deleteUpload(id).catch(() => {}) // expires by itself otherwise
  })
  watchStops({ uppy, signing, notes })
  if (isKeeper) {
    const arrived = await settle({ signing, notes, submissions })
    uppy.on('restored', () => takeUpRestored(uppy, { arrived, signing }))
    uppy.use(GoldenRetriever)
  }
  uppy.use(Dashboard, dashboardOptions(target))
  return uppy
}

/**
 * @param {UppyFile} file
 * @param {{ files: Record<string, UppyFile> } & Pick<Surroundings, 'maxBytes' | 'notes'>} page
 */
function admit(file, { files, maxBytes, notes }) {
  if (file.meta.filename) return true // one that is chosen again, to go on
  const known = files[file.id]
  const why = known && !known.isGhost ? `${file.name} is in the list already.` : refusalOf(file, maxBytes)
  if (why) notes.say(`refused ${file.id}`, { text: why, wrong: true })
  return why ? false : { ...file, meta: { ...file.meta, filename: file.name, name: titleOf(file.name) } }
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
