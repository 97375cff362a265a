// @ts-check
import { ApiError } from '../base/api.js'
import { bytes } from '../base/format.js'
import { forget, unfinished } from './ledger.js'
import { getUpload } from './upload-api.js'

/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */
/** @typedef {import('./ledger.js').Entry} Entry */

/**
 * Asks what became of the uploads that a tab before this one left: what has arrived gets its job, what the
 * server has let go of is forgotten, and the rest waits for its file. Resolves with the ids of the files
 * that need not be sent any more.
 * @param {{
 *   signing: ReturnType<typeof import('./signing.js').createSigning>,
 *   notes: ReturnType<typeof import('./notes.js').createNotes>,
 *   submissions: ReturnType<typeof import('./submissions.js').createSubmissions>,
 * }} page
 */
export async function settle({ signing, notes, submissions }) {
  /** @type {Set<string>} */
  const arrived = new Set()
  await Promise.all(
    unfinished().map(async (entry) => {
      const upload = await stateOf(entry)
      if (upload.state === 'uploaded') {
        arrived.add(entry.fileId)
        signing.release(entry.fileId)
        void submissions.submit(entry)
      } else if (upload.state === 'expired') {
        signing.release(entry.fileId)
        forget(entry.id)
        notes.say(entry.fileId, { text: `${entry.filename} ${expired}` })
      } else if (upload.stored_bytes) {
        notes.say(entry.fileId, {
          text: `${entry.filename} ${isPartlyThere(upload.stored_bytes, entry.size)}`,
        })
      }
    }),
  )
  return arrived
}

const expired =
  'was not finished in time, and the server has let go of what it had. Sent again, it starts from the beginning.'

/**
 * @param {number} stored
 * @param {number} size
 */
const isPartlyThere = (stored, size) => `is unfinished: ${bytes(stored)} of ${bytes(size)} are there.`

/**
 * @param {Entry} entry
 * @returns {Promise<Pick<import('./upload-api.js').Upload, 'state' | 'stored_bytes'>>}
 */
async function stateOf({ id }) {
  try {
    return await getUpload(id)
  } catch (error) {
    const isGone = error instanceof ApiError && error.status === 404
    return { state: isGone ? 'expired' : 'waiting', stored_bytes: null }
  }
}

/**
 * Takes up what Golden Retriever kept, as files that were never begun but know their parts: Uppy's own way
 * would go on with the old batch alone and leave out what is chosen beside it.
 * @param {import('./uppy-types.js').Uppy} uppy
 * @param {{ arrived: Set<string>, signing: ReturnType<typeof import('./signing.js').createSigning> }} known
 */
export function takeUpRestored(uppy, { arrived, signing }) {
  const { recoveredState } = uppy.getState()
  /** @type {UppyFile[]} */
  const all = uppy.getFiles()
  const open = all.filter(({ id, progress }) => !progress.uploadComplete && !arrived.has(id))
  const files = open.map((file) => ({
    ...file,
    error: null,
    isPaused: false,
    s3Multipart: signing.isKnown(file.id) ? file.s3Multipart : undefined,
    progress: notBegun(file),
  }))
  uppy.setState({
    currentUploads: {},
    files: Object.fromEntries(files.map((file) => [file.id, file])),
    recoveredState: files.length > 0 ? recoveredState : null,
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
