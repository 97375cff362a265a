import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import type { Config } from '../../src/config.ts'
import { createDatabase, type Database, type Transaction } from '../../src/db.ts'
import { type ClaimedTask, claimTask } from '../../src/jobs/claim.ts'
import { commitSegment, type SegmentRow } from '../../src/jobs/commit-segment.ts'
import { completePlan } from '../../src/jobs/complete-plan.ts'
import { completeTask } from '../../src/jobs/complete-task.ts'
import { contentKey, streamedKey } from '../../src/jobs/object-keys.ts'
import type { Owned, Priority, TaskKind } from '../../src/jobs/state.ts'
import { submitVideo, whileSourcesGo } from '../../src/jobs/submit.ts'
import { createLog } from '../../src/log.ts'
import type { Plan } from '../../src/media/model.ts'
import { jobOptionsSchema } from '../../src/media/plan/job-options.ts'
import { migrate } from '../../src/migrate.ts'
import { createStream, type Stream } from '../../src/queue/stream.ts'
import { createRedis, type Redis, type RedisNames, redisNames } from '../../src/redis.ts'
import { createStorage, type Storage } from '../../src/storage.ts'
import { smallPlan } from '../integration/api/rows.ts'
import { aSource } from './a-source.ts'
import { createTestData } from './test-data.ts'

export const leaseMs = 20_000

export type JobsUnderTest = AsyncDisposable & {
  sql: Database
  redis: Redis
  names: RedisNames
  stream: Stream
  storage: Storage
  config: Config
  /** Drops every row, entry and hash of the test before. */
  reset(): Promise<void>
}

/** The job modules in this process, on a migrated database, a Redis prefix and a bucket of their own. */
export async function startJobs(): Promise<JobsUnderTest> {
  const data = await createTestData({ services: inject('services') })
  const sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 8 })
  const redis = createRedis({ url: data.config.REDIS_URL, role: 'patient', log: createLog('test', 'silent') })
  const names = redisNames(data.config.REDIS_PREFIX)
  const stream = createStream(redis, names)
  const storage = createStorage(data.config)
  await Promise.all([migrate(sql), storage.ensureBucket(), stream.createGroup()])

  async function reset(): Promise<void> {
    await sql`truncate videos, sources, uploads, collections, workers, passes cascade`
    await letReap(sql)
    const keys = await redis.keys(`${data.config.REDIS_PREFIX}*`)
    if (keys.length > 0) await redis.unlink(...keys)
    await stream.createGroup()
  }

  async function dispose(): Promise<void> {
    redis.disconnect()
    await sql.end({ timeout: 1 })
    await data.drop()
  }

  return { sql, redis, names, stream, storage, config: data.config, reset, [Symbol.asyncDispose]: dispose }
}

/** As if a reaper had been here a moment ago and nothing had been paused since. */
export async function letReap(sql: Database): Promise<void> {
  await sql`update maintenance set reaped_at = now(), reap_from = now() - interval '1 s'`
}

export async function submit(
  sql: Database,
  options: { priority?: Priority; key?: string; url?: string; quality?: boolean; owner?: string } = {},
): Promise<{ videoId: string; taskId: number }> {
  const id = randomUUIDv7()
  const { url, key = `source/${id}`, priority = 'normal', quality = false, owner = 'default' } = options
  const source =
    url === undefined
      ? { kind: 'key' as const, key, etag: 'etag-1', bytes: 9 }
      : { kind: 'url' as const, url }
  const job = {
    id,
    owner,
    title: null,
    priority,
    metadata: {},
    options: jobOptionsSchema.parse({ quality }),
    source,
  }
  return { videoId: id, ...(await whileSourcesGo(() => submitVideo(sql, job))) }
}

/** Claims a queued task; throws where that is refused. */
export async function claim(
  sql: Database,
  taskId: number,
  by: { entryId?: string; workerId?: string } = {},
): Promise<ClaimedTask> {
  const { entryId = '1-1', workerId = 'worker-a' } = by
  const task = await claimTask(sql, { taskId, entryId, workerId, leaseMs })
  if (!task) throw new Error(`task ${taskId} could not be claimed`)
  return task
}

export type TaskRow = {
  id: number
  video_id: string
  kind: TaskKind
  position: number
  state: string
  attempt: number
  crashes: number
  fence: number
  worker_id: string | null
  lease_until: Date | null
  run_at: Date
  announced_at: Date | null
  stream_id: string | null
  input: unknown
  result: unknown
  error: { code: string } | null
}

export async function readTask(sql: Database, taskId: number): Promise<TaskRow> {
  const [row] = await sql<TaskRow[]>`select * from tasks where id = ${taskId}`
  if (!row) throw new Error(`there is no task ${taskId}`)
  return row
}

export async function readTasks(sql: Database, videoId: string, kind?: TaskKind): Promise<TaskRow[]> {
  return sql<TaskRow[]>`
    select * from tasks where video_id = ${videoId} and ${kind ? sql`kind = ${kind}` : sql`true`} order by rank, id`
}

export type VideoState = {
  status: string
  error_code: string | null
  error_message: string | null
  tasks_total: number
  tasks_done: number
  generation: number
  completed_at: Date | null
  source_key: string | null
  source_etag: string | null
}

export async function readState(sql: Database, videoId: string): Promise<VideoState> {
  const [row] = await sql<VideoState[]>`select * from videos where id = ${videoId}`
  if (!row) throw new Error(`there is no video ${videoId}`)
  return row
}

export async function eventKinds(sql: Database, videoId: string): Promise<string[]> {
  const rows = await sql<
    { seq: number; kind: string }[]
  >`select seq, kind from events where video_id = ${videoId} order by seq`
  if (rows.some((row, index) => row.seq !== index + 1))
    throw new Error('the events are not numbered in order')
  return rows.map((row) => row.kind)
}

export const someMedia = aSource({ title: 'a film' })

/** A plan of so many chunks, rungs and tracks of sound and text. */
export function aPlan(
  size: { chunks?: number; rungs?: number; audio?: number; subtitles?: number } = {},
): Plan {
  const plan = smallPlan()
  const { chunks = 2, rungs = 2, audio = 1, subtitles = 0 } = size
  const [rung] = plan.video?.rungs ?? []
  const [track] = plan.audio
  if (!plan.video || !rung || !track) throw new Error('the small plan has pictures and sound')
  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index))
  return {
    ...plan,
    video: {
      ...plan.video,
      chunks: many(chunks, (index) => ({
        first_frame: 300 * index,
        frames: index < chunks - 1 ? 300 : null,
      })),
      rungs: many(rungs, (index) => ({ ...rung, name: `${360 - 60 * index}p` })),
    },
    audio: many(audio, (position) => ({ ...track, position })),
    subtitles: many(subtitles, (position) => ({ ...track, position, forced: false })),
  }
}

/** A video whose plan is done: its tracks are queued. */
export async function planned(
  sql: Database,
  size: Parameters<typeof aPlan>[0] & Parameters<typeof submit>[1] = {},
): Promise<string> {
  const { videoId, taskId } = await submit(sql, size)
  const task = await claim(sql, taskId)
  await completePlan(sql, task, { media: someMedia, plan: aPlan(size) })
  return videoId
}

/** A segment of one rung with keys of its own, as a run commits it. */
export function aSegment(owned: Owned, idx: number, name = '360p'): SegmentRow {
  const object = { bytes: 1000, sha256: `${idx}`.repeat(64).slice(0, 64), duration: 61_440 }
  const key = contentKey(owned, `${name}-${idx}`, object.sha256, 'm4s')
  const tracks = { [name]: { ...object, key, fragments: [] } }
  const init = { bytes: 700, sha256: 'b'.repeat(64), codec: 'avc1.64001f', timescale: 15_360 }
  const initKey = contentKey(owned, `${name}-init`, init.sha256, 'mp4')
  return {
    idx,
    frames: 120,
    objects: { tracks, inits: idx === 0 ? { [name]: { ...init, key: initKey } } : {} },
  }
}

/** Claims every queued task of a kind and completes it, an MP4 with its key. */
export async function completeAll(
  sql: Database,
  videoId: string,
  kind: 'video' | 'audio' | 'subtitle' | 'mp4' | 'quality',
): Promise<void> {
  for (const { id, state } of await readTasks(sql, videoId, kind)) {
    if (state === 'queued') await complete(sql, await claim(sql, id))
  }
}

export async function complete(sql: Database, task: ClaimedTask): Promise<void> {
  const rung = `${360 - 60 * task.position}p`
  await completeTask(sql, task, {
    lastSegment: task.kind === 'mp4' || task.kind === 'quality' ? null : aSegment(task, 1),
    result: {},
    ...(task.kind === 'mp4' && { mp4: { rung, key: streamedKey(task, rung, 'mp4'), bytes: 1 } }),
  })
}

export async function commit(sql: Database, owned: Owned, idx: number): Promise<void> {
  await commitSegment(sql, owned, aSegment(owned, idx), leaseMs)
}

/** A video of which only the finish is left, claimed. */
export async function finishing(sql: Database): Promise<ClaimedTask> {
  const videoId = await planned(sql)
  for (const kind of ['video', 'audio', 'mp4'] as const) await completeAll(sql, videoId, kind)
  const [finish] = await readTasks(sql, videoId, 'finish')
  return claim(sql, finish?.id ?? 0)
}

/** A second session that holds what `take` locks until `release`, which may do more before it commits. */
export async function hold(
  sql: Database,
  take: (tx: Transaction) => Promise<unknown>,
): Promise<{ release: (last?: (tx: Transaction) => Promise<unknown>) => Promise<void> }> {
  const taken = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<((tx: Transaction) => Promise<unknown>) | undefined>()
  const session = sql.begin(async (tx) => {
    await take(tx)
    taken.resolve()
    await (await asked.promise)?.(tx)
  })
  await Promise.race([taken.promise, session])
  return {
    release: async (last) => {
      asked.resolve(last)
      await session
    },
  }
}

/** Resolves once so many sessions of this database wait for a lock. */
export async function waiting(sql: Database, sessions: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const [row] = await sql<{ count: number }[]>`
      select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if (row && row.count >= sessions) return
    await sleep(10)
  }
  throw new Error(`${sessions} sessions were to wait for a lock`)
}
