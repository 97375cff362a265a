import type { Change } from './watched-video.ts'

/** Bytes of an event stream: as they are, and as one chunk of HTTP/1.1 (RFC 9112 §7.1), in the same memory. */
export type Frame = { plain: Buffer; chunk: Buffer }
type EventName = 'progress' | 'completed' | 'failed' | 'cancelled'

/** How an event stream begins: a browser that lost it comes back after 2 s. */
export const openingFrame = frame('retry: 2000\n\n')
/** A comment, which keeps proxies from closing a quiet connection. */
export const heartbeatFrame = frame(': heartbeat\n\n')

const made = new WeakMap<object, Map<EventName, Frame>>()

/** One server-sent event (WHATWG HTML §9.2), made once however many clients get it. */
export function frameOf(videoId: string, change: Change, event: EventName): Frame {
  if (change === 'deleted') return frame(`event: deleted\ndata: ${JSON.stringify({ video_id: videoId })}\n\n`)
  const known = made.get(change) ?? new Map<EventName, Frame>()
  made.set(change, known)
  const asked =
    known.get(event) ?? frame(`id: ${change.snapshot.seq}\nevent: ${event}\ndata: ${change.json}\n\n`)
  known.set(event, asked)
  return asked
}

/** The event that ends the stream of one video, `progress` while it goes on. */
export function eventNameOf(change: Change): EventName {
  if (change === 'deleted') return 'progress'
  const { status } = change.snapshot
  return status === 'queued' || status === 'processing' ? 'progress' : status
}

function frame(text: string): Frame {
  const size = Buffer.byteLength(text)
  const head = `${size.toString(16)}\r\n`
  const chunk = Buffer.from(`${head}${text}\r\n`)
  return { chunk, plain: chunk.subarray(head.length, head.length + size) }
}
