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
 *
 * @typedef {import('./job-options.js').JobOptions & { title: string, source: { key: string } | { url: string } }} Job
 */

const place = 'stepladder.uploads'

/** @returns {Entry[]} the oldest first */
export function unfinished() {
  try {
    const entries = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.id === 'string') : []
  } catch {
    return [] // a browser that keeps nothing, or what somebody else wrote there
  }
}

/** @param {Entry} entry */
export function remember(entry) {
  write([...unfinished().filter(({ id }) => id !== entry.id), entry])
}

/** @param {string} id */
export function forget(id) {
  write(unfinished().filter((entry) => entry.id !== id))
}

/** @param {Entry[]} entries */
function write(entries) {
  try {
    localStorage.setItem(place, JSON.stringify(entries))
  } catch {
    // Full or forbidden: the upload goes on, it only does not outlive the tab.
  }
}
