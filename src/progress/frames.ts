import type { Change } from './watched-video.ts'

/** How an event stream begins: a browser that lost it comes back after 2 s. */
export const openingFrame = Buffer.from('retry: 2000\n\n')
/** A comment, which keeps proxies from closing a quiet connection. */
export const heartbeatFrame = Buffer.from(': heartbeat\n\n')

type EventName = 'progress' | 'completed' | 'failed' | 'cancelled'
const made = new WeakMap<object, Map<EventName, Buffer>>()

/** One server-sent event (WHATWG HTML §9.2) as one buffer, made once however many clients get it. */
export function frameOf(videoId: string, change: Change, event: EventName): Buffer {
  if (change === 'deleted')
    return Buffer.from(`event: deleted\ndata: ${JSON.stringify({ video_id: videoId })}\n\n`)
  const known = made.get(change) ?? new Map<EventName, Buffer>()
  made.set(change, known)
  const frame =
    known.get(event) ?? Buffer.from(`id: ${change.snapshot.seq}\nevent: ${event}\ndata: ${change.json}\n\n`)
  known.set(event, frame)
  return frame
}

/** The event that ends the stream of one video, `progress` while it goes on. */
export function eventNameOf(change: Change): EventName {
  if (change === 'deleted') return 'progress'
  const { status } = change.snapshot
  return status === 'queued' || status === 'processing' ? 'progress' : status
}
