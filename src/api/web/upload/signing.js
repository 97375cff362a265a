// @ts-check
import { filenameOf, oneLine, titleOf } from './checks.js'
import { remember } from './ledger.js'
import { createUpload, signUpload } from './upload-api.js'

/** @typedef {import('./ledger.js').Entry} Entry */
/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */

/**
 * The uploads of this page: each file gets one from the server when its first request is to be signed,
 * and keeps it until its job is made.
 * @param {{
 *   getFile(id: string): UppyFile,
 *   options: () => import('./job-options.js').JobOptions,
 *   known: Entry[],
 * }} page `known`: what a tab before this one has begun
 */
export function createSigning({ getFile, options, known }) {
  /** By file. @type {Map<string, Entry>} */
  const entries = new Map(known.map((entry) => [entry.fileId, entry]))
  /** File by object key. @type {Map<string, string>} */
  const fileIds = new Map(known.map((entry) => [entry.key, entry.fileId]))
  /** @type {Map<string, Promise<Entry>>} */
  const opening = new Map()

  /** @param {string} fileId @returns {Promise<Entry>} */
  async function uploadOf(fileId) {
    const entry = entries.get(fileId)
    if (entry) return entry
    const opened = opening.get(fileId) ?? open(getFile(fileId)).finally(() => opening.delete(fileId))
    opening.set(fileId, opened)
    return opened
  }

  /** @param {UppyFile} file @returns {Promise<Entry>} */
  async function open(file) {
    const size = file.size ?? 0
    const filename = filenameOf(file.meta.filename ?? file.name)
    const { id, key } = await createUpload({ filename, size_bytes: size, content_type: file.type })
    fileIds.set(key, file.id)
    return keep({ id, key, fileId: file.id, filename, size, job: jobOf(file, key) })
  }

  /** @param {Entry} entry */
  function keep(entry) {
    entries.set(entry.fileId, entry)
    remember(entry)
    return entry
  }

  /**
   * @param {UppyFile} file
   * @param {string} key
   */
  function jobOf({ name, meta }, key) {
    const title = oneLine(meta.name) || titleOf(meta.filename ?? name)
    return { ...(meta.asked ?? options()), title, source: { key } }
  }

  return {
    uploadOf,
    /** @param {string} fileId */
    entryOf: (fileId) => entries.get(fileId),
    /** The file has no upload any more: it got its job, or starts anew. @param {string} fileId */
    release(fileId) {
      entries.delete(fileId)
    },
    /** The file goes on, perhaps under another title than in the tab before. @param {string} fileId */
    refresh(fileId) {
      const entry = entries.get(fileId)
      if (entry) keep({ ...entry, job: jobOf(getFile(fileId), entry.key) })
    },
    /**
     * `signRequest` of Uppy's S3 plugin. Before there is an object, its key is the file's id; the key in
     * the answer is the one that it goes on with.
     * @param {{ key: string, method: string, uploadId?: string, partNumber?: number }} wish
     */
    async signRequest({ key, method, uploadId, partNumber }) {
      // A file that is taken away takes its whole upload with it, in one request of our own.
      if (method === 'DELETE') throw new Error('removed together with its upload')
      const entry = await uploadOf(fileIds.get(key) ?? key)
      if (uploadId && entry.partsId !== uploadId) keep({ ...entry, partsId: uploadId })
      return signUpload(entry.id, {
        method,
        ...(uploadId && { upload_id: uploadId }),
        ...(partNumber && { part_number: partNumber }),
      })
    },
  }
}
