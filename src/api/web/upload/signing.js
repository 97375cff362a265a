// @ts-check
import { oneLine, titleOf } from './checks.js'
import { remember, unfinished } from './ledger.js'
import { createUpload, signUpload } from './upload-api.js'

/** @typedef {import('./ledger.js').Entry} Entry */
/** @typedef {import('./uppy-types.js').UppyFile} UppyFile */

/**
 * The uploads of this page: each file gets one from the server when its first request is to be signed,
 * and keeps it until its job is made.
 * @param {{ getFile(id: string): UppyFile, options: () => import('./job-options.js').JobOptions }} page
 */
export function createSigning({ getFile, options }) {
  /** By file. @type {Map<string, Promise<Entry>>} */
  const uploads = new Map(unfinished().map((entry) => [entry.fileId, Promise.resolve(entry)]))
  /** File by object key. @type {Map<string, string>} */
  const fileIds = new Map(unfinished().map((entry) => [entry.key, entry.fileId]))

  /** @param {string} fileId */
  function uploadOf(fileId) {
    const known = uploads.get(fileId)
    if (known) return known
    const opened = open(getFile(fileId))
    uploads.set(fileId, opened)
    opened.catch(() => uploads.delete(fileId)) // the next try asks again
    return opened
  }

  /** @param {UppyFile} file @returns {Promise<Entry>} */
  async function open(file) {
    const size = file.size ?? 0
    const filename = oneLine(file.meta.filename ?? file.name)
    const { id, key } = await createUpload({ filename, size_bytes: size, content_type: file.type })
    const job = {
      title: oneLine(file.meta.name) || titleOf(filename),
      source: { key },
      ...(file.meta.asked ?? options()),
    }
    const entry = { id, key, fileId: file.id, filename, size, job }
    fileIds.set(key, file.id)
    remember(entry)
    return entry
  }

  return {
    uploadOf,
    /** @param {string} fileId */
    isKnown: (fileId) => uploads.has(fileId),
    /** The file has no upload any more: it got its job, or starts anew. @param {string} fileId */
    release(fileId) {
      uploads.delete(fileId)
    },
    /**
     * `signRequest` of Uppy's S3 plugin. Before there is an object, its key is the file's id; the key in
     * the answer is the one that it goes on with.
     * @param {{ key: string, method: string, uploadId?: string, partNumber?: number }} wish
     */
    async signRequest({ key, method, uploadId, partNumber }) {
      // A file that is taken away takes its whole upload with it, in one request of our own.
      if (method === 'DELETE') throw new Error('removed together with its upload')
      const { id } = await uploadOf(fileIds.get(key) ?? key)
      return signUpload(id, {
        method,
        ...(uploadId && { upload_id: uploadId }),
        ...(partNumber && { part_number: partNumber }),
      })
    },
  }
}
