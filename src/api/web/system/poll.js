// @ts-check
const everyMs = 3_000
const longestMs = 30_000

/**
 * Asks again and again while the tab is looked at, later and later while nobody answers, and at once when
 * the tab is looked at again.
 * @template Answer
 * @param {(signal: AbortSignal) => Promise<Answer>} ask
 * @param {{ onAnswer: (answer: Answer) => void, onFailure: (error: unknown) => void }} listener
 * @returns {() => void} ends it
 */
export function pollWhileVisible(ask, { onAnswer, onFailure }) {
  const ending = new AbortController()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let waitMs = everyMs
  let asking = false

  document.addEventListener('visibilitychange', onVisibility)
  void turn()
  return () => {
    ending.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onVisibility)
  }

  async function turn() {
    asking = true
    try {
      const answer = await ask(ending.signal)
      if (ending.signal.aborted) return
      waitMs = everyMs
      onAnswer(answer)
    } catch (error) {
      if (ending.signal.aborted) return
      waitMs = Math.min(longestMs, 2 * waitMs)
      onFailure(error)
    } finally {
      asking = false
    }
    if (!document.hidden) timer = setTimeout(turn, waitMs)
  }

  function onVisibility() {
    clearTimeout(timer)
    if (!document.hidden && !asking) void turn()
  }
}
