// @ts-check
import { ApiError } from '../base/api.js'
import { forget, takeClosed, unfinished } from './ledger.js'
import { getUpload, storedBytes } from './upload-api.js'

/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */
/** @typedef {import('./ledger.js').Entry} Entry */

/**
 * @typedef {object} Page
 * @property {ReturnType<typeof import('./signing.js').createSigning>} signing
 * @property {ReturnType<typeof import('./notes.js').createNotes>} notes
 * @property {ReturnType<typeof import('./submissions.js').createSubmissions>} submissions
 */

/**
 * Asks what became of the uploads that a tab before this one left: what has arrived gets its job, what the
 * server has let go of is forgotten, and the rest waits for its file. Resolves with the ids of the files
 * that need not be sent any more.
 * @param {Page} page
 */
export async function settle({ signing, notes, submissions }) {
  const arrived = new Set(takeClosed())
  await Promise.all(
    unfinished().map(async (entry) => {
      const state = await stateOf(entry)
      if (state === 'waiting') return
      signing.release(entry.fileId)
      if (state === 'uploaded') {
        arrived.add(entry.fileId)
        void submissions.submit(entry)
      } else {
        forget(entry.id)
        notes.say(entry.fileId, { text: `${entry.filename} ${expired}` })
      }
    }),
  )
  return arrived
}

const expired =
  'was not finished in time, and the server has let go of what it had. Sent again, it starts from the beginning.'

/** @param {Entry} entry */
async function stateOf({ id }) {
  try {
    return (await getUpload(id)).state
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? 'expired' : 'waiting'
  }
}

/**
 * Takes up what Golden Retriever kept, as files that were never begun but know their parts: Uppy's own way
 * would go on with the old batch alone and leave out what is chosen beside it.
 * @param {import('./uppy-types.js').Uppy} uppy
 * @param {{ arrived: Set<string> } & Pick<Page, 'signing' | 'notes'>} page
 */
export function takeUpRestored(uppy, { arrived, signing, notes }) {
  const { recoveredState } = uppy.getState()
  /** @type {UppyFile[]} */
  const all = uppy.getFiles()
  const open = all.filter(({ id, progress }) => !progress.uploadComplete && !arrived.has(id))
  const files = open.map((file) => ({
    ...goingOn(file, signing.entryOf(file.id)),
    error: null,
    isPaused: false,
    progress: notBegun(file),
  }))
  uppy.setState({
    currentUploads: {},
    files: Object.fromEntries(files.map((file) => [file.id, file])),
    recoveredState: files.length > 0 ? recoveredState : null,
  })
  for (const { id } of files) {
    const entry = signing.entryOf(id)
    if (entry?.partsId) void tellHowFar(entry, entry.partsId, notes)
  }
}

/**
 * A file with what is known of its upload, where there is one. Uppy's S3 plugin then asks the store for the
 * parts and sends the others; what Golden Retriever kept of it may be half a second old.
 * @template {UppyFile} File
 * @param {File} file
 * @param {Entry | undefined} entry
 */
export function goingOn(file, entry) {
  if (!entry) return { ...file, s3Multipart: undefined }
  const { title, source: _source, ...asked } = entry.job
  const s3Multipart = entry.partsId ? { key: entry.key, uploadId: entry.partsId } : undefined
  return { ...file, s3Multipart, meta: { ...file.meta, name: title, asked } }
}

/**
 * @param {Entry} entry
 * @param {string} partsId
 * @param {Page['notes']} notes
 */
async function tellHowFar({ id, fileId, filename, size }, partsId, notes) {
  const stored = await storedBytes(id, partsId).catch(() => 0) // it goes on all the same
  if (stored === 0) return
  // Uppy's megabytes are 2^20 bytes and the page's are 10^6: a share is the same in both.
  notes.say(fileId, {
    text: `${filename} is unfinished: ${Math.floor((100 * stored) / size)} % of it is there.`,
  })
}

/** @param {UppyFile} file */
function notBegun({ size }) {
  return /** @type {const} */ ({
    percentage: 0,
    bytesUploaded: false,
    bytesTotal: size,
    uploadComplete: false,
    uploadStarted: null,
  })
}
