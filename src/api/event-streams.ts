import type { ServerResponse } from 'node:http'
import { heartbeatFrame, openingFrame } from '../progress/frames.ts'

const heartbeatMs = 15_000
/** A reader that took nothing for this long is gone, whatever its connection says. */
const stalledMs = 60_000

export type EventStream = {
  /** Sends a frame, or keeps it until the reader takes more: only the latest one of each `key`. */
  send(key: string, frame: Buffer): void
  /** Closes once everything kept was taken, or the reader is gone. */
  end(): void
}
export type EventStreams = ReturnType<typeof createEventStreams>

/**
 * The open event streams of this process, written straight to Node's responses: a frame made once goes
 * out as one buffer per client, and what waits for a slow one is bounded by the number of keys.
 */
export function createEventStreams() {
  const streams = new Set<EventStream & { beat(): void }>()
  let closing = false
  const timer = setInterval(() => {
    for (const stream of streams) stream.beat()
  }, heartbeatMs)

  function open(outgoing: ServerResponse, onClose: () => void): EventStream {
    const waiting = new Map<string, Buffer>()
    let blockedSince = 0
    let ending = false

    function send(key: string, frame: Buffer): void {
      if (ending) return
      if (blockedSince > 0) waiting.set(key, frame)
      else write(frame)
    }

    function write(frame: Buffer): void {
      if (!outgoing.write(frame)) blockedSince = Date.now()
    }

    function flush(): void {
      blockedSince = 0
      for (const [key, frame] of waiting) {
        if (blockedSince > 0) return
        waiting.delete(key)
        write(frame)
      }
      if (ending && waiting.size === 0) outgoing.end()
    }

    function end(): void {
      ending = true
      if (waiting.size === 0) outgoing.end()
      blockedSince ||= Date.now()
    }

    function beat(): void {
      if (blockedSince === 0) write(heartbeatFrame)
      else if (Date.now() - blockedSince > stalledMs) outgoing.destroy()
    }

    const stream = { send, end, beat }
    streams.add(stream)
    outgoing.on('drain', flush)
    outgoing.on('close', () => {
      streams.delete(stream)
      onClose()
    })
    write(openingFrame)
    return stream
  }

  /** Ends all streams; browsers come back to whoever serves then. */
  function close(): void {
    closing = true
    clearInterval(timer)
    for (const stream of streams) stream.end()
  }

  return { open, close, isClosing: () => closing, count: () => streams.size }
}
