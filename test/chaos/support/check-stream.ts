import { dropStaleEntries } from '../../../src/jobs/drop-stale-entries.ts'
import { createStream } from '../../../src/queue/stream.ts'
import type { CheckedSystem, Finding } from './finding.ts'

type Pending = { id: string; consumer: string }

/** No entry is pending, and none lies in the stream whose task has ended. */
export async function checkStream(system: CheckedSystem): Promise<Finding[]> {
  const { sql, redis, names } = system
  const alive = new Set(system.workers.map((worker) => worker.name))
  let pending = await readPending(system)
  // What a dead consumer left is the janitor's, who would wait a minute. What a live one left is its own.
  if (pending.length > 0 && pending.every(({ consumer }) => !alive.has(consumer))) {
    await dropStaleEntries(sql, createStream(redis, names), 0)
    pending = await readPending(system)
  }
  const entries = await redis.xrange(names.stream, '-', '+', 'COUNT', 10_000)
  const tasks = entries.map(([id, fields]) => ({ id, task: Number(fields[1]) }))
  const waiting = await sql<{ id: number }[]>`
    select id from tasks where id = any(${tasks.map(({ task }) => task)}) and state in ('queued', 'running')`
  const live = new Set(waiting.map((row) => row.id))
  const delivered = new Set(pending.map((entry) => entry.id))
  return [
    ...pending.map(({ id, consumer }): Finding => {
      return { video: null, fact: 'entry_pending', detail: `${id} is pending for ${consumer}` }
    }),
    ...tasks
      .filter(({ id, task }) => !live.has(task) && !delivered.has(id))
      .map(({ id, task }): Finding => {
        return { video: null, fact: 'entry_left', detail: `${id} names task ${task}, which is over` }
      }),
  ]
}

async function readPending({ redis, names }: CheckedSystem): Promise<Pending[]> {
  try {
    const rows = await redis.xpending(names.stream, names.group, '-', '+', 10_000)
    return rows.flatMap((row) =>
      Array.isArray(row) ? [{ id: String(row[0]), consumer: String(row[1]) }] : [],
    )
  } catch (error) {
    // Without a group nothing is pending; the next read makes it again.
    if (error instanceof Error && error.message.startsWith('NOGROUP')) return []
    throw error
  }
}
