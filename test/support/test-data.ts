import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { type Config, loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { createRedis } from '../../src/redis.ts'
import { createStorage } from '../../src/storage.ts'
import { searchRows } from './log-search/rows.ts'
import { knowSecrets } from './log-search/search.ts'
import { secretsIn } from './log-search/secrets.ts'

export type TestData = {
  /** The whole environment for a process that is to work on this data alone. */
  environment: { [name: string]: string }
  config: Config
  drop(): Promise<void>
}

/** A database, a Redis prefix and a bucket of their own on the services of this run; no tables yet. */
export async function createTestData(options: {
  services: { [name: string]: string }
  overrides?: { [name: string]: string }
}): Promise<TestData> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = postgres(options.services.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
  await admin`create database ${admin(name)}`
  const url = new URL(options.services.DATABASE_URL ?? '')
  url.pathname = `/${name}`
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    ...options.services,
    DATABASE_URL: url.href,
    REDIS_PREFIX: `${name}:`,
    S3_BUCKET: name.replace('_', '-'),
    // Programs of tests reach out of a sandbox, to kill their worker or to note how often they ran.
    SANDBOX: 'off',
    ...options.overrides,
  }
  const config = loadConfig(environment)
  knowSecrets(secretsIn(environment))
  return {
    environment,
    config,
    async drop() {
      try {
        await searchData(url)
        await Promise.all([
          admin`drop database if exists ${admin(name)} with (force)`,
          dropKeys(config),
          dropBucket(config),
        ])
      } finally {
        await admin.end({ timeout: 1 })
      }
    },
  }
}

async function searchData(url: URL): Promise<void> {
  const sql = postgres(url.href, { max: 1, onnotice: () => {} })
  try {
    await searchRows(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function dropKeys(config: Config): Promise<void> {
  const redis = createRedis({ url: config.REDIS_URL, role: 'patient', log: createLog('test', 'silent') })
  try {
    for await (const keys of redis.scanStream({ match: `${config.REDIS_PREFIX}*`, count: 1000 })) {
      if (keys.length > 0) await redis.unlink(...keys)
    }
  } finally {
    redis.disconnect()
  }
}

async function dropBucket(config: Config): Promise<void> {
  const storage = createStorage(config)
  if (!(await storage.bucketExists())) return
  const objects = await storage.list('')
  await storage.remove(objects.map((object) => object.key))
  await storage.client.removeBucket(storage.bucket)
}
