import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase } from '../../../src/db.ts'
import { createLog } from '../../../src/log.ts'
import { createProgress } from '../../../src/progress/report.ts'
import { createRedis, redisNames } from '../../../src/redis.ts'
import type { BenchSystem } from '../bench-system.ts'

const everyMs = 100

export type BusyVideo = AsyncDisposable & {
  id: string
  /** Reports progress 10 times a second for so long. */
  publish(seconds: number): Promise<void>
}

/** A video in the middle of its work, of which no worker knows, with so many rungs in each of its snapshots. */
export async function createBusyVideo(system: BenchSystem, rungs: number): Promise<BusyVideo> {
  const { REDIS_URL = '', REDIS_PREFIX = '', DATABASE_URL = '' } = system.stack.environment
  const sql = createDatabase({ url: DATABASE_URL, name: 'bench', max: 1 })
  const redis = createRedis({ url: REDIS_URL, role: 'patient', log: createLog('bench', 'warn') })
  const progress = createProgress(redis, redisNames(REDIS_PREFIX))
  const id = randomUUIDv7()
  let units = 0
  await sql`insert into videos (id, status, source_kind, source_url, tasks_total)
            values (${id}, 'processing', 'url', 'http://example.org/film', 4)`
  await progress.seed(id, {
    generation: 1,
    status: 'processing',
    stage: 'encoding',
    total: 10_000_000,
    units_per_s: 30,
    frames_shown: true,
    chunks_total: 4,
    chunks_done: 0,
    pack_total: rungs,
    pack_done: 0,
    rungs: Array.from({ length: rungs }, (_, n) => ({ name: `${n + 1}p`, segments: 0, bytes: 0 })),
    tasks: [{ id: 1, fence: 1, units: 0, state: 'idle' }],
  })

  async function publish(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000
    for (let due = performance.now(); due < end; due += everyMs) {
      units += 1
      await progress.task(id, { task: 1, fence: 1, units, state: 'running' })
      await sleep(Math.max(0, due + everyMs - performance.now()))
    }
  }

  async function close(): Promise<void> {
    redis.disconnect()
    await sql.end()
  }
  return { id, publish, [Symbol.asyncDispose]: close }
}
