import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import { type ProgressSnapshot, progressSnapshotSchema } from '../../progress/snapshot.ts'
import { readEvents } from './events.ts'
import { authorization, refusal, unreachable } from './request.ts'

/** One event of `GET /progress`: a whole snapshot, or that a video is gone. */
export type ProgressChange =
  | { event: 'progress'; videoId: string; snapshot: ProgressSnapshot }
  | { event: 'deleted'; videoId: string }

const ends = new Set(['completed', 'failed', 'cancelled'])
const deletedSchema = z.object({ video_id: z.string() })
const silenceMs = 40_000
/** What the server asks for by `retry`. */
const reconnectAfterMs = 2_000

/** Whether nothing follows for this video, unless somebody retries it. */
export function isLast(change: ProgressChange): boolean {
  return change.event === 'deleted' || ends.has(change.snapshot.status)
}

/**
 * Yields each change of these videos (100 at most) and returns when all of them are over. Connects again after a
 * broken or silent connection (the server sends a comment every 15 s); gives up only with `signal`, or when the
 * server refuses what is asked.
 */
export async function* followProgress(options: {
  baseUrl: string
  key?: string | undefined
  videoIds: readonly string[]
  signal: AbortSignal
  onTrouble?: (message: string) => void
}): AsyncGenerator<ProgressChange> {
  const { baseUrl, key, videoIds, signal, onTrouble } = options
  const open = new Set(videoIds)
  let isTroubled = false
  while (open.size > 0) {
    try {
      for await (const change of connect({
        url: `${baseUrl}/progress?ids=${[...open].join(',')}`,
        key,
        signal,
      })) {
        isTroubled = false
        if (!open.has(change.videoId)) continue
        if (isLast(change)) open.delete(change.videoId)
        yield change
        if (open.size === 0) return
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof StepladderError) || error.code !== 'api_unreachable') throw error
      if (!isTroubled) onTrouble?.(error.message)
      isTroubled = true
    }
    await sleep(reconnectAfterMs, undefined, { signal })
  }
}

type Connection = { url: string; key: string | undefined; signal: AbortSignal }

/** Throws `api_unreachable` for what may pass, the API's own error when it refuses. */
async function* connect({ url, key, signal }: Connection): AsyncGenerator<ProgressChange> {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(new Error('no word from the server')), silenceMs)
  const { origin } = new URL(url)
  const mayPass = (error: unknown) => {
    throw unreachable(origin, silent.signal.aborted ? silent.signal.reason : error)
  }
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...authorization(key) },
      signal: AbortSignal.any([signal, silent.signal]),
    }).catch(mayPass)
    if (response.status >= 500 || !response.body) return mayPass(new Error(`HTTP ${response.status}`))
    if (!response.ok) throw refusal(response.status, await response.text().catch(mayPass))
    const bytes = watched(response.body, () => timer.refresh())
    const events = readEvents(bytes)
    for (;;) {
      const { done, value } = await events.next().catch(mayPass)
      if (done) return
      const change = changeOf(value)
      if (change) yield change
    }
  } finally {
    clearTimeout(timer)
    silent.abort()
  }
}

async function* watched(body: AsyncIterable<Uint8Array>, heard: () => void): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) {
    heard()
    yield bytes
  }
}

function changeOf({ event, data }: { event: string; data: string }): ProgressChange | null {
  if (event === 'deleted') return { event, videoId: deletedSchema.parse(JSON.parse(data)).video_id }
  if (event !== 'progress') return null
  const snapshot = progressSnapshotSchema.parse(JSON.parse(data))
  return { event, videoId: snapshot.video_id, snapshot }
}
