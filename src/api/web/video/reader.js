// @ts-check
/**
 * Reads now, and once more if that was asked for meanwhile: changes come in crowds, and the last one counts.
 * @param {(signal: AbortSignal) => Promise<void>} read
 * @param {(error: unknown) => void} onFault
 */
export function createReader(read, onFault) {
  let stopping = new AbortController()
  let reading = false
  let wanted = false
  return { again, stop }

  function again() {
    wanted = true
    if (!reading) void readAll()
  }

  async function readAll() {
    reading = true
    while (wanted) {
      wanted = false
      const { signal } = stopping
      await read(signal).catch((error) => {
        if (!signal.aborted) onFault(error)
      })
    }
    reading = false
  }

  /** Nothing is asked from now on, and no answer counts, until `again`. */
  function stop() {
    wanted = false
    stopping.abort()
    stopping = new AbortController()
  }
}
