import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../../src/config.ts'
import { createDatabase, type Database } from '../../../src/db.ts'
import { createLog } from '../../../src/log.ts'
import { migrate } from '../../../src/migrate.ts'
import { createStream, type Stream } from '../../../src/queue/stream.ts'
import { createRedis, type Redis, redisNames } from '../../../src/redis.ts'
import { createStorage } from '../../../src/storage.ts'
import type { RunningProcess } from '../../stack/processes.ts'
import { startStack } from '../../stack.ts'
import { fillHistory } from './history.ts'

export type Fleet = { slots: number; processes: number; chunkMs: number }
/** `history`: the tables hold so many videos that are over. */
export type Ground = 'empty' | 'history'

/** A database and a Redis prefix of one measurement, with the workers that it starts. */
export type Place = AsyncDisposable & {
  sql: Database
  redis: Redis
  stream: Stream
  /** Resolves when all workers are there and take tasks. */
  startWorkers(fleet: Fleet): Promise<RunningProcess[]>
  /** Drains the workers. Throws when one did not end well. */
  stopWorkers(): Promise<void>
}

export type ControlPlane = AsyncDisposable & {
  /** A place of its own for one measurement, all alike at their start. */
  open(ground: Ground): Promise<Place>
}

const silent = createLog('bench', 'error')

/** The services with the settings of production, and what the measurements' databases are copied from. */
export async function startControlPlane(options: {
  dataDir: string
  history: number
}): Promise<ControlPlane> {
  const { dataDir } = options
  rmSync(dataDir, { recursive: true, force: true })
  const stack = await startStack({
    dataDir,
    ports: 'free',
    postgresSettings: ['shared_preload_libraries=pg_stat_statements', 'max_connections=500'],
  })
  const config = loadConfig({ ...stack.environment, S3_BUCKET: 'bench' })
  const admin = createDatabase({ url: config.DATABASE_URL, name: 'bench', max: 1 })
  const urlOf = (name: string) => Object.assign(new URL(config.DATABASE_URL), { pathname: `/${name}` }).href
  let opened = 0
  await createStorage(config).ensureBucket()
  await makeTemplates(admin, urlOf, options.history)

  async function open(ground: Ground): Promise<Place> {
    const name = `bench_${++opened}`
    await copyDatabase(admin, name, ground)
    const environment = {
      ...process.env,
      ...stack.environment,
      DATABASE_URL: urlOf(name),
      REDIS_PREFIX: `${name}:`,
      S3_BUCKET: config.S3_BUCKET,
      SCRATCH_DIR: join(dataDir, 'scratch'),
    }
    const logs = join(dataDir, 'logs')
    const start = (worker: string, { slots, chunkMs }: { slots: number; chunkMs: number }) =>
      stack.processes.start({
        name: worker,
        command: process.execPath,
        args: [join(import.meta.dirname, '../no-op-worker.ts'), '--chunk-ms', String(chunkMs)],
        environment: { ...environment, WORKER_NAME: worker, WORKER_SLOTS: String(slots) },
        output: join(logs, `${worker}.log`),
        stopWithinMs: 60_000,
      })
    return openPlace({ environment, name, start, drop: () => dropDatabase(admin, name) })
  }

  async function dispose(): Promise<void> {
    await admin.end({ timeout: 1 })
    await stack.stop()
  }

  return { open, [Symbol.asyncDispose]: dispose }
}

async function openPlace(options: {
  name: string
  environment: NodeJS.ProcessEnv
  start: (worker: string, share: { slots: number; chunkMs: number }) => RunningProcess
  drop: () => Promise<void>
}): Promise<Place> {
  const config = loadConfig(options.environment)
  const sql = createDatabase({ url: config.DATABASE_URL, name: 'bench', max: 8 })
  const redis = createRedis({ url: config.REDIS_URL, role: 'patient', log: silent })
  const names = redisNames(config.REDIS_PREFIX)
  const stream = createStream(redis, names)
  await stream.createGroup()
  let workers: RunningProcess[] = []

  async function startWorkers({ slots, processes, chunkMs }: Fleet): Promise<RunningProcess[]> {
    workers = Array.from({ length: Math.min(processes, slots) }, (_, index) => {
      const share = Math.floor((slots + index) / Math.min(processes, slots))
      return options.start(`${options.name}-worker-${index + 1}`, { slots: share, chunkMs })
    })
    for (let tries = 0; tries < 600; tries++) {
      const [row] = await sql<{ slots: number }[]>`select coalesce(sum(slots), 0)::int as slots from workers`
      if (row?.slots === slots) return workers
      await sleep(100)
    }
    throw new Error('the workers did not start: see their logs')
  }

  async function stopWorkers(): Promise<void> {
    const ends = await Promise.all(workers.map((worker) => worker.stop().then(() => worker.exited)))
    workers = []
    const bad = ends.filter((end) => end !== 'exit code 0')
    if (bad.length > 0) throw new Error(`workers ended with ${bad.join(', ')}`)
  }

  async function dispose(): Promise<void> {
    for (const worker of workers) await worker.stop()
    for await (const keys of redis.scanStream({ match: `${config.REDIS_PREFIX}*`, count: 1000 })) {
      if (keys.length > 0) await redis.unlink(...keys)
    }
    redis.disconnect()
    await sql.end({ timeout: 1 })
    await options.drop()
  }

  return { sql, redis, stream, startWorkers, stopWorkers, [Symbol.asyncDispose]: dispose }
}

async function makeTemplates(
  admin: Database,
  urlOf: (name: string) => string,
  history: number,
): Promise<void> {
  await admin`create database ${admin('empty')}`
  await inDatabase(urlOf('empty'), async (sql) => {
    await sql`create extension pg_stat_statements`
    await migrate(sql)
  })
  if (history === 0) return
  await copyDatabase(admin, 'history', 'empty')
  await inDatabase(urlOf('history'), (sql) => fillHistory(sql, history))
}

async function inDatabase(url: string, body: (sql: Database) => Promise<void>): Promise<void> {
  const sql = createDatabase({ url, name: 'bench', max: 1 })
  try {
    await body(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** File by file: by way of the log, as is the default, a large one would take long and leave much to write. */
async function copyDatabase(admin: Database, name: string, template: string): Promise<void> {
  await admin`create database ${admin(name)} template ${admin(template)} strategy file_copy`
  await admin`checkpoint`
}

async function dropDatabase(admin: Database, name: string): Promise<void> {
  await admin`drop database ${admin(name)} with (force)`
}
