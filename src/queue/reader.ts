import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { type Redis, type RedisNames, untilReady } from '../redis.ts'
import { entriesOf, type Stream, type StreamEntry } from './stream.ts'

export type Reader = ReturnType<typeof createReader>

/**
 * Reads hints for one consumer on a connection of its own, which blocks on purpose.
 *
 * A blocking read may hang for ever in a black hole and may resolve null although an entry was
 * delivered (both seen with ioredis): so each read has a watchdog that replaces the socket, and the
 * worker sweeps its own pending entries (`stream.pendingOf`) at the start and every 30 s.
 */
export function createReader(options: {
  redis: Redis
  names: RedisNames
  stream: Stream
  consumer: string
  blockMs: number
  log: Log
  /** Told of what a read failed of. */
  report: (error: unknown) => void
}) {
  const { redis, names, consumer, blockMs, log } = options

  /** The next new entry, or null when none came within `blockMs` or the connection failed. */
  async function next(signal: AbortSignal): Promise<StreamEntry | null> {
    await untilReady(redis, blockMs, signal)
    if (redis.status !== 'ready' || signal.aborted) return null
    const timer = new AbortController()
    const call = redis.xreadgroup(
      'GROUP',
      names.group,
      consumer,
      'COUNT',
      1,
      'BLOCK',
      blockMs,
      'STREAMS',
      names.stream,
      '>',
    )
    const watchdog = sleep(blockMs + 2_000, 'late' as const, { signal: timer.signal, ref: false }).catch(
      () => null,
    )
    const stopped = new Promise<null>((resolve) => {
      if (signal.aborted) resolve(null)
      signal.addEventListener('abort', () => resolve(null), { once: true, signal: timer.signal })
    })
    try {
      const reply = await Promise.race([call, watchdog, stopped])
      if (reply === 'late') {
        log.warn('a blocking read hangs: replacing its socket')
        redis.disconnect(true)
        return null
      }
      return entriesOf(reply)[0] ?? null
    } catch (error) {
      await recover(error, signal)
      return null
    } finally {
      timer.abort()
      call.catch(() => {})
    }
  }

  async function recover(error: unknown, signal: AbortSignal): Promise<void> {
    const message = error instanceof Error ? error.message : String(error)
    // After a flush or a failover the group is gone; it comes back reading from the beginning. A read
    // that was blocking meanwhile ends with UNBLOCKED (Redis 7.0).
    if (/^(NOGROUP|UNBLOCKED)/.test(message)) await options.stream.createGroup().catch(() => {})
    else if (!signal.aborted) {
      log.warn({ err: message }, 'reading the stream failed')
      options.report(error)
    }
    await sleep(500, undefined, { signal }).catch(() => {})
  }

  let connections = 0
  redis.on('ready', () => {
    connections++
  })

  /** Another number after each reconnect, in which a reply may have been lost. */
  const connection = () => connections

  return { next, connection, disconnect: () => redis.disconnect() }
}
