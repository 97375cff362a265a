import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Frame, heartbeatFrame, openingFrame } from '../progress/frames.ts'

const heartbeatMs = 15_000
/** A reader that took nothing for this long is gone, whatever its connection says. */
const stalledMs = 60_000

/** One reader. A plain record: with thousands of them, functions of its own would be most of it. */
export type EventStream = {
  outgoing: ServerResponse
  /** Takes ready-made chunks past the response, which would cut each one again for each reader. Null: it cannot. */
  socket: Socket | null
  /** The latest frame of each key that came while the reader took nothing. */
  waiting: Map<string, Frame> | null
  /** Milliseconds since 1970, 0 while it reads. */
  blockedSince: number
  ending: boolean
}
export type EventStreams = ReturnType<typeof createEventStreams>

/**
 * The open event streams of this process: a frame made once goes out as one buffer for each reader, one
 * timer is for all, and what waits for a slow one is bounded by the number of keys.
 */
export function createEventStreams() {
  const streams = new Set<EventStream>()
  let closing = false
  const timer = setInterval(() => {
    for (const stream of streams) beat(stream)
  }, heartbeatMs)

  /** Begins the stream of a response whose head was given. `onClose` comes once, whoever ended it. */
  function open(outgoing: ServerResponse, onClose: () => void): EventStream {
    outgoing.flushHeaders()
    // HTTP/1.0 knows no chunks, and a pipelined request has no socket until those before it are answered.
    const socket = outgoing.chunkedEncoding ? outgoing.socket : null
    const stream: EventStream = { outgoing, socket, waiting: null, blockedSince: 0, ending: false }
    const flushStream = () => flush(stream)
    streams.add(stream)
    const sink = socket ?? outgoing
    sink.on('drain', flushStream)
    outgoing.on('close', () => {
      // The connection may go on with another request.
      sink.off('drain', flushStream)
      streams.delete(stream)
      onClose()
    })
    write(stream, openingFrame)
    return stream
  }

  /** Ends all streams; browsers come back to whoever serves then. */
  function close(): void {
    closing = true
    clearInterval(timer)
    for (const stream of streams) endStream(stream)
  }

  return { open, close, isClosing: () => closing }
}

/** Sends a frame, or keeps it until the reader takes more: only the latest one of each `key`. */
export function sendFrame(stream: EventStream, key: string, frame: Frame): void {
  if (stream.ending) return
  if (stream.blockedSince === 0) {
    write(stream, frame)
    return
  }
  stream.waiting ??= new Map()
  stream.waiting.set(key, frame)
}

/** Closes once everything kept was taken, or the reader is gone. */
export function endStream(stream: EventStream): void {
  stream.ending = true
  if (!stream.waiting) stream.outgoing.end()
  stream.blockedSince ||= Date.now()
}

function write(stream: EventStream, { plain, chunk }: Frame): void {
  const taken = stream.socket ? stream.socket.write(chunk) : stream.outgoing.write(plain)
  if (!taken) stream.blockedSince = Date.now()
}

function flush(stream: EventStream): void {
  stream.blockedSince = 0
  for (const [key, frame] of stream.waiting ?? []) {
    if (stream.blockedSince > 0) return
    stream.waiting?.delete(key)
    write(stream, frame)
  }
  stream.waiting = null
  if (stream.ending) stream.outgoing.end()
}

function beat(stream: EventStream): void {
  if (stream.blockedSince === 0) write(stream, heartbeatFrame)
  else if (Date.now() - stream.blockedSince > stalledMs) stream.outgoing.destroy()
}
