/**
 * Runs `work` for many callers at once. A caller who comes while it runs gets the next run, which begins
 * after it called: what it learns is never older than its question.
 */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null

  async function begin(): Promise<void> {
    const mine = work()
    running = mine
    try {
      await mine
    } finally {
      if (running === mine) running = null
    }
  }

  return () => {
    if (!running) return begin()
    next ??= running
      // The one before reports its own failure to its own callers.
      .catch(() => {})
      .then(() => {
        next = null
        return begin()
      })
    return next
  }
}
