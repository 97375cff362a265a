import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import { type ProgressSnapshot, progressSnapshotSchema } from '../../progress/snapshot.ts'
import { readEvents } from './events.ts'

const ends = new Set(['completed', 'failed', 'cancelled'])
const silenceMs = 40_000

/**
 * Yields each progress snapshot of one video and returns after the last one. Connects again after a
 * broken or silent connection (the server sends a comment every 15 s); gives up only with `signal`.
 */
export async function* followProgress(options: {
  baseUrl: string
  videoId: string
  signal: AbortSignal
  onTrouble?: (message: string) => void
}): AsyncGenerator<ProgressSnapshot> {
  const { baseUrl, videoId, signal, onTrouble } = options
  let isTroubled = false
  for (;;) {
    try {
      for await (const { event, data } of connect(`${baseUrl}/progress/${videoId}`, signal)) {
        if (event !== 'progress' && !ends.has(event)) continue
        isTroubled = false
        yield progressSnapshotSchema.parse(JSON.parse(data))
        if (ends.has(event)) return
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!isTroubled) onTrouble?.(messageOf(error))
      isTroubled = true
    }
    // What the server asks for by `retry`.
    await sleep(2_000, undefined, { signal })
  }
}

async function* connect(url: string, signal: AbortSignal) {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(new Error('no word from the server')), silenceMs)
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, silent.signal]),
    })
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
    const { body } = response
    const watched = async function* () {
      for await (const bytes of body) {
        timer.refresh()
        yield bytes
      }
    }
    yield* readEvents(watched())
  } finally {
    clearTimeout(timer)
  }
}
