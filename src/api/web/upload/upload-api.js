// @ts-check
import { json, post, request } from '../base/api.js'

/** The routes that an upload needs: POST /uploads and what is below it, POST /jobs, what may be asked for. */

/**
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} key
 * @property {'waiting' | 'uploaded' | 'expired'} state
 * @property {number | null} stored_bytes
 */

/** @returns {Promise<{ name: string, description: string }[]>} */
export const listProfiles = async () => (await json('/profiles')).profiles

/** @returns {Promise<number>} bytes that a source may have */
export const maxSourceBytes = async () => (await json('/limits')).source_bytes

/**
 * @param {{ filename: string, size_bytes: number, content_type: string }} file
 * @returns {Promise<Upload>}
 */
export const createUpload = (file) => post('/uploads', file)

/** @param {string} id @returns {Promise<Upload>} */
export const getUpload = (id) => json(pathOf(id))

/** Removes what has arrived. @param {string} id */
export const deleteUpload = (id) => request(pathOf(id), { method: 'DELETE' })

/**
 * @param {string} id
 * @param {{ method: string, upload_id?: string, part_number?: number }} wish one request to the store
 * @returns {Promise<{ url: string, key: string }>}
 */
export const signUpload = (id, wish) => post(`${pathOf(id)}/sign`, wish)

/**
 * What the store has of an upload in parts, in bytes (ListParts; a thousand parts, which is all of them).
 * @param {string} id
 * @param {string} uploadId of the store
 */
export async function storedBytes(id, uploadId) {
  const { url } = await signUpload(id, { method: 'GET', upload_id: uploadId })
  const answer = await (await request(url)).text()
  const sizes = new DOMParser().parseFromString(answer, 'application/xml').getElementsByTagName('Size')
  return [...sizes].reduce((sum, size) => sum + Number(size.textContent), 0)
}

/**
 * @param {import('./ledger.js').Job} job
 * @param {string} idempotencyKey
 * @returns {Promise<{ id: string }>}
 */
export const createJob = (job, idempotencyKey) => post('/jobs', job, idempotencyKey)

/** @param {string} id */
const pathOf = (id) => `/uploads/${encodeURIComponent(id)}`
