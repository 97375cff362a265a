import { readFileSync } from 'node:fs'
import type { Redis, RedisNames } from '../redis.ts'
import { createDeadStream } from './dead-letters.ts'

const announceScript = readFileSync(new URL('announce.lua', import.meta.url), 'utf8')
const refreshScript = readFileSync(new URL('refresh.lua', import.meta.url), 'utf8')
const forgetScript = readFileSync(new URL('forget-consumers.lua', import.meta.url), 'utf8')

/**
 * One entry: a hint that the task may be waiting. `taskId` null = to be dropped: deleted meanwhile, or not
 * of our making; then `unreadable` has what it held, cut short.
 */
export type StreamEntry = { id: string; taskId: number | null; unreadable?: string }
/** A task and its former entry, which the new one replaces. */
export type Announced = { id: number; streamId: string | null }
export type Stream = ReturnType<typeof createStream>

/**
 * The job stream. PostgreSQL is the truth and an entry only a hint, which may vanish, double or come
 * late; nothing here decides who owns a task.
 */
export function createStream(redis: Redis, names: RedisNames) {
  const { stream, group } = names

  /** The group reads from the stream's beginning: entries written before it existed count too. */
  async function createGroup(): Promise<void> {
    try {
      await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error
    }
  }

  /**
   * Adds hints in this order, each replacing its task's former one, in one step of the server. With
   * `limit`, only while the stream is shorter. Returns the entries' ids, as many as there was room for.
   */
  async function announceAll(tasks: readonly Announced[], limit?: number): Promise<string[]> {
    const entries = tasks.flatMap((task) => [task.streamId ?? '', task.id])
    const reply = await redis.eval(announceScript, 1, stream, group, limit ?? '', ...entries)
    return Array.isArray(reply) ? reply.map(String) : []
  }

  /** The same for one task: the entry's id, or null when there was no room. */
  async function announce(task: Announced, limit?: number): Promise<string | null> {
    const [entryId] = await announceAll([task], limit)
    return entryId ?? null
  }

  /** True when the entry was pending for this consumer. False is no fence loss: only the database fences. */
  async function refresh(consumer: string, entryId: string): Promise<boolean> {
    return (await redis.eval(refreshScript, 1, stream, group, consumer, entryId)) === 1
  }

  /** Takes entries out of the pending list and the stream, after the database has settled their tasks. */
  async function settle(entryIds: readonly string[]): Promise<void> {
    if (entryIds.length === 0) return
    await redis
      .multi()
      .xack(stream, group, ...entryIds)
      .xdel(stream, ...entryIds)
      .exec()
  }

  /** Entries delivered to anybody and untouched for `idleMs`, at most 100, after the id `from`. */
  async function idleEntries(idleMs: number, from = '-'): Promise<string[]> {
    const start = from === '-' ? '-' : `(${from}`
    const rows = await redis.xpending(stream, group, 'IDLE', idleMs, start, '+', 100)
    return rows.flatMap((row) => (Array.isArray(row) && typeof row[0] === 'string' ? [row[0]] : []))
  }

  /** Entries delivered to this consumer before and not settled since. */
  async function pendingOf(consumer: string): Promise<StreamEntry[]> {
    const found: StreamEntry[] = []
    for (let from = '0'; ; ) {
      const reply = await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 100, 'STREAMS', stream, from)
      const entries = entriesOf(reply)
      const last = entries.at(-1)
      if (!last) return found
      found.push(...entries)
      from = last.id
    }
  }

  /** Deletes consumers that have nothing pending and did not read for `idleMs`. Returns how many. */
  async function forgetConsumers(idleMs: number): Promise<number> {
    return Number(await redis.eval(forgetScript, 1, stream, group, idleMs))
  }

  return {
    createGroup,
    pendingOf,
    announce,
    announceAll,
    refresh,
    settle,
    idleEntries,
    forgetConsumers,
    length: () => redis.xlen(stream),
    dead: createDeadStream(redis, names),
  }
}

/** Reads an entry's fields; anything unexpected gives a null task. */
function parseEntry(id: string, fields: readonly string[] | null): StreamEntry {
  const at = fields?.indexOf('task') ?? -1
  const taskId = at >= 0 ? Number(fields?.[at + 1]) : Number.NaN
  if (Number.isSafeInteger(taskId) && taskId > 0) return { id, taskId }
  return { id, taskId: null, ...(fields && { unreadable: JSON.stringify(fields).slice(0, 200) }) }
}

/** XREADGROUP answers [[stream, [[id, [field, value, …]], …]]], or null. */
export function entriesOf(reply: unknown): StreamEntry[] {
  const streams: unknown[] = Array.isArray(reply) ? reply : []
  const first = streams[0]
  const rows: unknown[] = Array.isArray(first) && Array.isArray(first[1]) ? first[1] : []
  return rows.flatMap((row) => {
    if (!Array.isArray(row) || typeof row[0] !== 'string') return []
    const fields = Array.isArray(row[1]) ? row[1].map(String) : null
    return [parseEntry(row[0], fields)]
  })
}
