// @ts-check

/** The tab before may just be closing. */
const patienceMs = 1500

/**
 * Whether this tab may keep notes of its uploads for the next one: one tab at a time, until it ends. Two would
 * overwrite each other's. Without locks (plain http on a network) tabs are not told apart.
 * @returns {Promise<boolean>}
 */
export function becomeKeeper() {
  if (!navigator.locks) return Promise.resolve(true)
  const { promise, resolve } = Promise.withResolvers()
  const signal = AbortSignal.timeout(patienceMs)
  const keep = () => {
    resolve(true)
    return new Promise(() => {})
  }
  navigator.locks.request('stepladder.uploads', { signal }, keep).catch(() => resolve(false))
  return promise
}
