// @ts-check
import { forget } from './ledger.js'
import { getUpload } from './upload-api.js'
import { explainStop } from './words.js'

/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */

const longestPauseMs = 30_000

/**
 * What happens when an upload stops: where nobody answered it goes on by itself, one that the server has
 * let go of starts anew, and anything else is left to the person, with the reason.
 * @param {{
 *   uppy: import('./uppy-types.js').Uppy,
 *   signing: ReturnType<typeof import('./signing.js').createSigning>,
 *   notes: ReturnType<typeof import('./notes.js').createNotes>,
 * }} page
 */
export function watchStops({ uppy, signing, notes }) {
  /** Failed tries in a row, by file. @type {Map<string, number>} */
  const failures = new Map()
  /** Started anew, and nothing has arrived since. @type {Set<string>} */
  const renewed = new Set()

  uppy.on('upload-error', (file, error) => {
    if (file) void onStop(file, error)
  })
  uppy.on('s3-multipart:part-uploaded', (file) => onProgress(file.id))
  uppy.on('upload-success', (file) => {
    if (file) onProgress(file.id)
  })

  /** @param {string} id */
  function onProgress(id) {
    failures.delete(id)
    renewed.delete(id)
  }

  /**
   * @param {UppyFile} file
   * @param {unknown} error
   */
  async function onStop(file, error) {
    if (!isListed(file.id)) return
    const { kind, text } = explainStop(error)
    const about = `${file.meta.filename}: ${text}`
    const retry = { label: 'Retry', run: () => again(file.id) }
    if (kind === 'gone' && !renewed.has(file.id)) return beginAnew(file)
    if (kind !== 'passing') return notes.say(file.id, { text: about, wrong: true, action: retry })
    const tries = (failures.get(file.id) ?? 0) + 1
    failures.set(file.id, tries)
    notes.say(file.id, { text: `${about} Trying again by itself.`, wrong: true, action: retry })
    setTimeout(() => again(file.id), Math.min(longestPauseMs, 500 * 2 ** tries))
  }

  /** @param {string} id */
  const isListed = (id) => uppy.getFiles().some((file) => file.id === id)

  /** @param {string} id */
  function again(id) {
    if (!isListed(id) || !uppy.getFile(id).error) return
    uppy.retryUpload(id).catch(() => {}) // told by upload-error
  }

  /** @param {UppyFile} file */
  async function beginAnew(file) {
    const { id } = await signing.uploadOf(file.id)
    const upload = await getUpload(id).catch(() => null)
    if (!isListed(file.id)) return
    if (upload?.state === 'uploaded') return arrived(file) // only the last answer got lost
    forget(id)
    signing.release(file.id)
    renewed.add(file.id)
    /** @type {Partial<UppyFile>} */
    const withoutParts = { s3Multipart: undefined }
    uppy.setFileState(file.id, withoutParts)
    again(file.id)
    const text = `${file.meta.filename}: the server had let go of the unfinished upload, so it starts from the beginning.`
    notes.say(file.id, { text })
  }

  /** @param {UppyFile} file */
  function arrived(file) {
    uppy.setFileState(file.id, { error: null })
    uppy.emit('upload-success', uppy.getFile(file.id), { status: 200, body: {} })
  }
}
