import { inject } from 'vitest'
import { createApp } from '../../../src/api/app.ts'
import { openContext } from '../../../src/api/context.ts'
import { listen } from '../../../src/api/server.ts'
import type { Config } from '../../../src/config.ts'
import { createDatabase, type Database } from '../../../src/db.ts'
import { migrate } from '../../../src/migrate.ts'
import { createRedis, type Redis, type RedisNames, redisNames } from '../../../src/redis.ts'
import { createStorage, type Storage } from '../../../src/storage.ts'
import { checkAnswersOf } from '../../support/check-answer.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'
import { createTestData } from '../../support/test-data.ts'

export type ApiUnderTest = AsyncDisposable & {
  url: string
  config: Config
  /** For a process that is to work on the same data. */
  environment: { [name: string]: string }
  /** The test's own connections, which stay up when the API's are led elsewhere. */
  sql: Database
  redis: Redis
  names: RedisNames
  storage: Storage
  /** Fetches a path; `json` is sent as the body. The answer must be one that the reference tells of. */
  request(path: string, init?: RequestInit & { json?: unknown }): Promise<Response>
  /** The same, and the JSON of the answer. */
  ask(path: string, init?: RequestInit & { json?: unknown }): Promise<Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what each test asserts.
type Answer = { status: number; headers: Headers; body: any }

/**
 * The API in this process, on a port of its own, with a migrated database, a Redis prefix and a bucket
 * of its own. `lead` overrides what the API alone sees, to lead it to a dead neighbour.
 */
export async function startApi(
  options: {
    lead?: Partial<Config>
    leadDatabase?: (address: string) => string
    pollMs?: number
    resyncMs?: number
  } = {},
): Promise<ApiUnderTest> {
  const data = await createTestData({ services: inject('services') })
  const log = searchedLog('api', data.config)
  const sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 2 })
  const redis = createRedis({ url: data.config.REDIS_URL, role: 'patient', log })
  const storage = createStorage(data.config)
  await Promise.all([migrate(sql), storage.ensureBucket()])
  const { leadDatabase = (address: string) => address } = options
  const config = { ...data.config, DATABASE_URL: leadDatabase(data.config.DATABASE_URL), ...options.lead }
  const context = await openContext(config, log, options)
  const where = { host: '127.0.0.1', port: 0, streams: context.streams, log }
  const server = await listen(createApp(context), where)
  const url = `http://127.0.0.1:${server.port}`
  const uncheck = checkAnswersOf(url)

  async function dispose(): Promise<void> {
    uncheck()
    await server[Symbol.asyncDispose]()
    await context[Symbol.asyncDispose]()
    redis.disconnect()
    await sql.end({ timeout: 1 })
    await data.drop()
  }

  function request(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, ...rest } = init
    const body = json === undefined ? {} : { body: JSON.stringify(json), method: 'POST' }
    const headers = { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...rest.headers }
    return fetch(`${url}${path}`, { redirect: 'manual', ...body, ...rest, headers })
  }

  async function ask(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Answer> {
    const response = await request(path, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  const names = redisNames(config.REDIS_PREFIX)
  return {
    url,
    config,
    environment: data.environment,
    sql,
    redis,
    names,
    storage,
    request,
    ask,
    [Symbol.asyncDispose]: dispose,
  }
}

export async function putObject(api: ApiUnderTest, key: string, text: string): Promise<string> {
  const signal = AbortSignal.timeout(10_000)
  await api.storage.put(key, Buffer.from(text), { contentType: 'application/octet-stream', signal })
  return key
}
