import { randomUUID } from 'node:crypto'
import type { Config } from '../../config.ts'
import { createDatabase } from '../../db.ts'
import { messageOf } from '../../errors.ts'
import { type Check, failed, guarded, ok } from '../../health/check.ts'
import { checkDatabase } from '../../health/database.ts'
import { checkRedis } from '../../health/redis.ts'
import { checkBucket } from '../../health/storage.ts'
import { createLog } from '../../log.ts'
import { createRedis, untilReady } from '../../redis.ts'
import { createStorage, type Storage } from '../../storage.ts'
import { checkClock, checkHttpClock } from './clock.ts'
import { checkCors } from './cors.ts'

type Checks = Record<string, Check>
/** Patience with one neighbour; a check of it fails earlier. */
const withinMs = 4_000

export async function checkPostgres(config: Config): Promise<Checks> {
  const sql = createDatabase({ url: config.DATABASE_URL, name: 'stepladder-doctor', max: 1 })
  const readClock = async () => {
    const [now] = await sql<
      { ms: number }[]
    >`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`
    return now?.ms ?? Number.NaN
  }
  try {
    return {
      postgres: await guarded('The database', () => checkDatabase(sql)),
      'postgres clock': await guarded('The database', () => checkClock('the database', readClock)),
    }
  } finally {
    await sql.end({ timeout: 0 })
  }
}

export async function checkRedisServer(config: Config): Promise<Checks> {
  const redis = createRedis({ url: config.REDIS_URL, role: 'request', log: createLog('doctor', 'silent') })
  const readClock = async () => {
    const [seconds, microseconds] = await redis.time()
    return Number(seconds) * 1000 + Number(microseconds) / 1000
  }
  try {
    await untilReady(redis, withinMs)
    return {
      redis: await guarded('Redis', () => checkRedis(redis)),
      'redis clock': await guarded('Redis', () => checkClock('Redis', readClock)),
    }
  } finally {
    redis.disconnect()
  }
}

/** `origin` is that of the page: browsers ask the store for its leave. */
export async function checkStore(config: Config, origin: string): Promise<Checks> {
  const storage = createStorage(config, { silenceMs: withinMs })
  const signal = AbortSignal.timeout(withinMs)
  const name = 'The object store'
  const [bucket, clock, cors] = await Promise.all([
    guarded(name, () => checkWritable(storage)),
    guarded(name, () => checkHttpClock('the object store', config.S3_ENDPOINT, signal)),
    guarded(name, () => {
      const endpoint = (config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT).replace(/\/+$/, '')
      return checkCors({ bucketUrl: `${endpoint}/${config.S3_BUCKET}`, origin, signal })
    }),
  ])
  return { store: bucket, 'store clock': clock, 'store cors': cors }
}

/** Writes an object and takes it away; one that stays behind is collected, as it lies below `source/`. */
async function checkWritable(storage: Storage): Promise<Check> {
  const bucket = await checkBucket(storage)
  if (bucket.status === 'failed') return bucket
  const key = `source/${randomUUID()}`
  const signal = AbortSignal.timeout(withinMs)
  try {
    await storage.put(key, Buffer.from('doctor'), { contentType: 'text/plain', signal })
    const isThere = (await storage.head(key)) !== null
    await storage.remove([key])
    if (isThere) return ok(`The bucket ${storage.bucket} exists, and objects can be written and removed`)
    return failed(`The bucket ${storage.bucket} loses what is written to it`, 'look into the store')
  } catch (error) {
    const rights = 'give S3_ACCESS_KEY the right to get, put, list and delete objects'
    return failed(`The bucket ${storage.bucket} cannot be written to: ${messageOf(error)}`, rights)
  }
}
