// @ts-check
/** @typedef {import('./types.js').Video} Video */
/** @typedef {import('./types.js').TimelineEvent} TimelineEvent */
/** @typedef {import('./types.js').Run} Run */

/** Sent to the window when the API asks for a key. */
export const signedOut = 'signedout'

/** What the API refused, with its stable code and a sentence for the person. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ code: string, status: number }} facts
   */
  constructor(message, { code, status }) {
    super(message)
    this.code = code
    this.status = status
  }
}

/**
 * @param {string} id
 * @param {string | null} [token] of a link
 * @returns {Promise<Video>}
 */
export function getVideo(id, token = null) {
  const path = `/videos/${encodeURIComponent(id)}`
  return json(token === null ? path : `${path}?${asked({ token })}`)
}

/** @typedef {{ status: string, words: string }} Filter '' = any */

/**
 * @param {Filter & { cursor: string | null, limit: number }} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ videos: Video[], next_cursor: string | null }>}
 */
export function listVideos({ status, words, cursor, limit }, signal) {
  return json(`/videos?${asked({ status, q: words, cursor, limit: String(limit) })}`, signal)
}

/**
 * Those of these videos that are still there and meet the filter: nobody is asked for one that may be gone.
 * @param {string[]} ids up to 100
 * @param {Filter} filter
 * @param {AbortSignal} [signal]
 * @returns {Promise<Video[]>}
 */
export async function findVideos(ids, { status, words }, signal) {
  return (await json(`/videos?${asked({ ids: ids.join(), status, q: words })}`, signal)).videos
}

/**
 * All about one video; null when it is gone.
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Video | null>}
 */
export async function findVideo(id, signal) {
  return (await json(`/videos?${asked({ ids: id, full: 'true' })}`, signal)).videos[0] ?? null
}

/** @param {Record<string, string | null>} fields those that say nothing are left out */
function asked(fields) {
  const said = Object.entries(fields).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return new URLSearchParams(said)
}

/**
 * What happened to a video, in order.
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<TimelineEvent[]>}
 */
export async function getEvents(id, signal) {
  return (await json(`/videos/${encodeURIComponent(id)}/events?runs=false`, signal)).events
}

/**
 * Who ran which task, the latest first.
 * @param {string} id
 * @param {{ outcome?: string, limit: number, cursor?: string | null }} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ runs: Run[], next_cursor: string | null }>}
 */
export function getRuns(id, { outcome = '', limit, cursor = null }, signal) {
  const query = asked({ outcome, limit: String(limit), cursor })
  return json(`/videos/${encodeURIComponent(id)}/runs?${query}`, signal)
}

/**
 * @param {string} id
 * @param {'cancel' | 'retry' | 'delete'} action
 */
export async function act(id, action) {
  const path = `/videos/${encodeURIComponent(id)}`
  if (action === 'delete') await request(path, { method: 'DELETE' })
  else await request(`${path}/${action}`, { method: 'POST' })
}

/**
 * Resolves when the playlist can be played; an ApiError `not_playable_yet` says: ask again.
 * @param {string} address
 * @param {AbortSignal} signal
 */
export async function checkPlaylist(address, signal) {
  const response = await request(address, { signal })
  await response.body?.cancel()
}

/**
 * The answer to a GET.
 * @param {string} path
 * @param {AbortSignal | undefined} [signal]
 * @returns {Promise<any>}
 */
export async function json(path, signal) {
  return (await request(path, { signal: signal ?? null })).json()
}

/**
 * The answer to a POST. With a key, the same request sent again gets the same answer.
 * @param {string} path
 * @param {object} body
 * @param {string} [idempotencyKey]
 * @returns {Promise<any>}
 */
export async function post(path, body, idempotencyKey) {
  const headers = {
    'Content-Type': 'application/json',
    ...(idempotencyKey && { 'Idempotency-Key': idempotencyKey }),
  }
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
export async function request(path, init) {
  const response = await fetch(path, init).catch((error) => {
    if (error.name === 'AbortError') throw error
    throw new ApiError('The server does not answer. Is it running?', { code: 'unreachable', status: 0 })
  })
  if (response.status === 401) dispatchEvent(new Event(signedOut))
  if (!response.ok) throw await problem(response)
  return response
}

/** @param {Response} response a problem+json body (RFC 9457), or anything a proxy may send instead */
async function problem(response) {
  const body = await response.json().catch(() => ({}))
  const code = typeof body.code === 'string' ? body.code : `http_${response.status}`
  const text = body.detail || body.title || `The server answered ${response.status} ${response.statusText}`
  return new ApiError(sentence(String(text)), { code, status: response.status })
}

/** @param {string} text */
function sentence(text) {
  const trimmed = text.trim()
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
