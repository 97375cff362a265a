// @ts-check
/** The most that `GET /videos?ids=` takes. */
const most = 100
/** Changes come in crowds; what gathers meanwhile is asked for at once. */
const gatherMs = 150

/**
 * Asks for videos by id, many in one request and one request at a time.
 * @param {(ids: string[]) => Promise<void>} ask
 */
export function createLookUps(ask) {
  /** @type {Set<string>} */
  const wanted = new Set()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let asking = false
  let ended = false
  return { want, forget: (/** @type {string} */ id) => wanted.delete(id), end }

  /** @param {string} id */
  function want(id) {
    wanted.add(id)
    if (!asking) timer ??= setTimeout(askAll, gatherMs)
  }

  async function askAll() {
    timer = undefined
    asking = true
    while (wanted.size > 0 && !ended) {
      const ids = [...wanted].slice(0, most)
      for (const id of ids) wanted.delete(id)
      await ask(ids)
    }
    asking = false
  }

  function end() {
    ended = true
    clearTimeout(timer)
  }
}
