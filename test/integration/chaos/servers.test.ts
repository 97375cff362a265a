import { rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStorage } from '../../../src/storage.ts'
import { type Servers, startServers } from '../../chaos/support/servers.ts'

let servers: Servers
beforeAll(async () => {
  servers = await startServers()
}, 60_000)
afterAll(() => servers[Symbol.asyncDispose]())

async function onRedis<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(servers.redis.url)
  try {
    return await ask(redis)
  } finally {
    redis.disconnect()
  }
}

test('Redis comes back after kill -9 with what it knew, and without its file with nothing', async () => {
  const { redis } = servers
  await onRedis((client) => client.set('film', 'here'))
  await redis.kill('SIGKILL')
  await redis.start()
  expect(await onRedis((client) => client.get('film'))).toBe('here')
  await redis.kill('SIGKILL')
  rmSync(redis.folder, { recursive: true })
  await redis.start()
  expect(await onRedis((client) => client.get('film'))).toBeNull()
})

test('PostgreSQL comes back after an immediate stop with what was committed', async () => {
  const sql = postgres(servers.postgres.url, { max: 1, onnotice: () => {} })
  try {
    await sql`create table films as select 7 as id`
    await servers.postgres.kill('SIGQUIT')
    await servers.postgres.start()
    expect(await sql`select id from films`).toMatchObject([{ id: 7 }])
  } finally {
    await sql.end({ timeout: 1 })
  }
})

test('the store comes back after kill -9 with its bucket', async () => {
  const { environment, store } = servers
  const storage = createStorage({
    S3_ENDPOINT: store.url,
    S3_PUBLIC_ENDPOINT: undefined,
    S3_REGION: 'us-east-1',
    S3_ACCESS_KEY: environment.S3_ACCESS_KEY ?? '',
    S3_SECRET_KEY: environment.S3_SECRET_KEY ?? '',
    S3_BUCKET: 'films',
  })
  await storage.ensureBucket()
  await store.kill('SIGKILL')
  await store.start()
  expect(await storage.bucketExists()).toBe(true)
})
