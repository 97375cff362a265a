// @ts-check
import { json, post, request, signedOut } from './api.js'

/** @typedef {{ key_id: string | null, owner: string | null, scopes: string[] }} Session no scopes = not signed in */

/** @returns {Promise<Session>} */
export function getSession() {
  return json('/session')
}

/** Exchanges a key for a cookie that no script can read. @param {string} key */
export async function signIn(key) {
  await post('/session', { key })
}

export async function signOut() {
  await request('/session', { method: 'DELETE' })
}

/** Finds out whether the person is signed in still; says so to the page if not. */
export async function checkSession() {
  const session = await getSession().catch(() => null)
  if (session?.scopes.length === 0) dispatchEvent(new Event(signedOut))
}
