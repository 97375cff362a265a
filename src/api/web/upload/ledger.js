// @ts-check
/**
 * The uploads that have no video yet, kept over a closed tab: with this the job of an upload can be made
 * by whoever opens the page next, even if the last part went through as the tab was closed.
 *
 * @typedef {object} Entry
 * @property {string} id of the upload; also the Idempotency-Key of its job, so that it gets one only
 * @property {string} key of the object
 * @property {string} fileId Uppy's id of the file: made of its name, type, size and time
 * @property {string} filename
 * @property {number} size bytes
 * @property {Job} job what will be asked for
 * @property {string} [partsId] the store's UploadId, once there are parts
 *
 * @typedef {import('./job-options.js').JobOptions & { title: string, source: { key: string } | { url: string } }} Job
 */

const place = 'stepladder.uploads'

/** @returns {Entry[]} the oldest first */
export function unfinished() {
  return read().filter((entry) => !entry.isClosed)
}

/** @param {Entry} entry */
export function remember(entry) {
  write([...read().filter(({ fileId }) => fileId !== entry.fileId), entry])
}

/**
 * It has its job, or nobody wants it any more. Golden Retriever writes twice a second, so that the next tab may
 * yet hear from it of the file; hence the entry stays until then.
 * @param {string} id
 */
export function close(id) {
  write(read().map((entry) => (entry.id === id ? { ...entry, isClosed: true } : entry)))
}

/** @returns {string[]} Uppy's ids of the files that were closed, told once */
export function takeClosed() {
  const closed = read().filter((entry) => entry.isClosed)
  write(unfinished())
  return closed.map(({ fileId }) => fileId)
}

/** @param {string} id */
export function forget(id) {
  write(read().filter((entry) => entry.id !== id))
}

/** @returns {(Entry & { isClosed?: boolean })[]} */
function read() {
  try {
    const entries = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.id === 'string') : []
  } catch {
    return [] // a browser that keeps nothing, or what somebody else wrote there
  }
}

/** @param {Entry[]} entries */
function write(entries) {
  try {
    localStorage.setItem(place, JSON.stringify(entries))
  } catch {
    // Full or forbidden: the upload goes on, it only does not outlive the tab.
  }
}
