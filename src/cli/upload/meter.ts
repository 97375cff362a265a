import type { Transfer } from '../screen/drawing.ts'

const showEveryMs = 100

/** Counts the bytes of one upload, and tells of them no more often than an eye can follow, and at the end. */
export function createMeter(totalBytes: number, show: (transfer: Transfer) => void) {
  let bytes = 0
  let resumedBytes = 0
  let shownAt = 0
  const startedAt = performance.now()

  function tell(): void {
    const now = performance.now()
    if (bytes < totalBytes && now - shownAt < showEveryMs) return
    shownAt = now
    const elapsedS = (now - startedAt) / 1000
    // At first it would tell of the machine's buffers.
    const bytesPerSecond = elapsedS > 1 ? (bytes - resumedBytes) / elapsedS : null
    show({ bytes, totalBytes, bytesPerSecond })
  }

  return {
    add(more: number): void {
      bytes += more
      tell()
    },
    resume(there: number): void {
      resumedBytes = there
      bytes += there
      tell()
    },
  }
}
