import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { createKey } from '../../src/auth/api-keys.ts'
import { askApi } from '../../src/cli/client/request.ts'
import { submitJob } from '../../src/cli/client/submit.ts'
import { type Source, serve, startSource } from '../integration/courier/source-server.ts'
import { shortClip, textNamedMp4 } from '../support/fixtures.ts'
import { submitFile, untilEnded, watchJob } from '../support/job-client.ts'
import { startGuardedRedis } from '../support/least-privilege.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const roles = ['api', 'worker', 'courier'] as const
type Role = (typeof roles)[number]

let folder: string
let redis: Awaited<ReturnType<typeof startGuardedRedis>>
let admin: Redis
let source: Source
let system: TestSystem

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-roles-'))
  redis = await startGuardedRedis(folder)
  admin = new Redis(redis.url)
  source = await startSource(serve(await readFile(await shortClip())))
  await makeDatabaseRoles()
  system = await createTestSystem({
    courier: true,
    environment: {
      REDIS_URL: redis.url,
      // As in production: the users know these names alone.
      REDIS_PREFIX: '',
      FETCH_PRIVATE_ADDRESSES: 'true',
      ...{
        RETRY_BASE_MS: '100',
        MAX_ATTEMPTS: '2',
        SWEEP_MS: '500',
        RECONCILE_MS: '1000',
        COLLECT_MS: '500',
      },
    },
    environmentOf: (command, { DATABASE_URL = '' }) => ({
      REDIS_URL: redis.urlOf(command),
      ...(command === 'migrate' ? {} : { DATABASE_URL: as(command, DATABASE_URL) }),
    }),
  })
}, 120_000)
afterAll(async () => {
  const { sql } = system ?? {}
  const names = roles.map((role) => `stepladder_${role}`)
  for (const name of names) await sql?.unsafe(`drop owned by ${name}`)
  await system?.dispose()
  const shared = postgres(inject('services').DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
  for (const name of names) await shared.unsafe(`drop role if exists ${name}`)
  await shared.end()
  admin?.disconnect()
  await source?.[Symbol.asyncDispose]()
  await redis?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** By the script of the compose file, twice: it is there to be run again. */
async function makeDatabaseRoles(): Promise<void> {
  const url = new URL(inject('services').DATABASE_URL ?? '')
  const env = {
    ...{ PGHOST: url.hostname, PGPORT: url.port, PGPASSWORD: url.password },
    ...{ POSTGRES_USER: url.username, POSTGRES_DB: url.pathname.slice(1) },
    ...Object.fromEntries(roles.map((role) => [`POSTGRES_${role.toUpperCase()}_PASSWORD`, secretOf(role)])),
  }
  const script = join(import.meta.dirname, '../../docker/postgres/roles.sh')
  for (const _ of [1, 2]) await execa(script, { env })
}

const webhookSchema = z.object({ id: z.uuid() })
const deliveriesSchema = z.object({ deliveries: z.array(z.object({ attempts: z.array(z.unknown()) })) })

const secretOf = (role: Role) => `it's a "secret" of ${role}`

function as(role: Role, databaseUrl: string): string {
  const url = new URL(databaseUrl)
  url.username = `stepladder_${role}`
  url.password = encodeURIComponent(secretOf(role))
  return url.href
}

test('jobs by upload and by URL, a failure, a retry, a cancellation and a deletion go through with the rights of each role alone', async () => {
  const { baseUrl } = system
  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    askApi(z.unknown(), {
      baseUrl,
      method,
      path,
      ...(body && { body }),
      signal: new AbortController().signal,
    })
  // Nobody answers there with 2xx.
  const webhook = webhookSchema.parse(await ask('POST', '/webhooks', { url: source.url('/hook') }))
  await ask('POST', `/webhooks/${webhook.id}/rotate`)
  const uploaded = await submitFile(system, await shortClip())
  const events = await watchJob(system, uploaded.id)
  expect(events.some(({ snapshot }) => snapshot.stage === 'encoding')).toBe(true)
  expect(await untilEnded(system, uploaded.id)).toMatchObject({ status: 'completed' })

  const fetched = await submitJob(baseUrl, { source: { url: source.url('/film.mp4') } })
  expect(await untilEnded(system, fetched.id)).toMatchObject({ status: 'completed' })
  const unreachable = await submitJob(baseUrl, { source: { url: 'http://no-such-host.invalid/film.mp4' } })
  expect(await untilEnded(system, unreachable.id)).toMatchObject({ error: { code: 'source_not_found' } })
  const text = await submitFile(system, textNamedMp4())
  expect(await untilEnded(system, text.id)).toMatchObject({ error: { code: 'unsupported_container' } })

  await ask('POST', `/videos/${text.id}/retry`)
  await untilEnded(system, text.id)
  const waiting = await submitJob(baseUrl, { source: { url: source.url('/film.mp4') } })
  await ask('POST', `/videos/${waiting.id}/cancel`)
  expect(await untilEnded(system, waiting.id)).toMatchObject({ status: 'cancelled' })
  for (const { id } of [uploaded, text, waiting]) await ask('DELETE', `/videos/${id}`)
  await expect.poll(async () => (await system.storage.list(`processed/${uploaded.id}/`)).length).toBe(0)
  // Maintenance has a dead letter to keep and a list of consumers to look at.
  await expect.poll(() => admin.xlen('video:jobs:dead')).toBeGreaterThan(0)

  const isTold = async () =>
    deliveriesSchema
      .parse(await ask('GET', `/webhooks/${webhook.id}/deliveries`))
      .deliveries.filter(({ attempts }) => attempts.length > 0)
  await expect.poll(async () => (await isTold()).length).toBeGreaterThan(2)
  await ask('DELETE', `/webhooks/${webhook.id}`)
  const rows = () => system.sql`select from webhook_endpoints`
  await expect.poll(async () => (await rows()).length).toBe(0)

  const { key, text: secret } = await createKey(system.sql, {
    ...{ name: 'test', owner: 'default', scopes: ['read'], expiresInS: null },
  })
  const asked = () => fetch(`${baseUrl}/videos`, { headers: { authorization: `Bearer ${secret}` } })
  const used = () => system.sql`select from api_keys where id = ${key.id} and last_used_at is not null`
  await expect.poll(async () => [(await asked()).status, (await used()).length]).toEqual([200, 1])
  // The client tells its own version at each connection, where the server has a command for it, and does without.
  const refused = JSON.stringify(await admin.acl('LOG')).replaceAll('client|setinfo', '')
  expect(refused).not.toMatch(/"reason","(?!command","context","toplevel","object","")/)
  expect(system.logs()).not.toMatch(/permission denied|NOPERM|NOAUTH|counted by this process alone/)
})

describe('in Redis', () => {
  const refusals: [role: Role, ...command: string[]][] = [
    ['api', 'FLUSHALL'],
    ['api', 'KEYS', '*'],
    ['api', 'CONFIG', 'GET', '*'],
    ['api', 'XREADGROUP', 'GROUP', 'video-workers', 'x', 'STREAMS', 'video:jobs', '>'],
    ['api', 'GET', 'other'],
    ['api', 'PUBLISH', 'other', 'x'],
    ['api', 'EVAL', "return redis.call('DEL', KEYS[1])", '1', 'other'],
    ['worker', 'FLUSHDB'],
    ['worker', 'SUBSCRIBE', 'video:progress:all'],
    ['worker', 'XADD', 'other', '*', 'a', 'b'],
    ['worker', 'ACL', 'LIST'],
    ['worker', 'CONFIG', 'SET', 'dir', '/tmp'],
    ['worker', 'SCRIPT', 'FLUSH'],
    ['worker', 'MONITOR'],
    ['courier', 'XADD', 'video:jobs', '*', 'task', '1'],
    ['courier', 'XRANGE', 'video:jobs', '-', '+'],
    ['courier', 'EVAL', "return redis.call('XLEN', KEYS[1])", '1', 'video:jobs'],
    ['courier', 'CLIENT', 'LIST'],
  ]
  test.each(refusals)('%s is refused %s', async (role, command, ...args) => {
    const client = new Redis(redis.urlOf(role))
    try {
      await expect(client.call(command, ...args)).rejects.toThrow(/NOPERM/)
    } finally {
      client.disconnect()
    }
  })

  test('nobody without a password can do more than ask whether it is there', async () => {
    const client = new Redis(redis.plainUrl, { enableReadyCheck: false })
    try {
      expect(await client.ping()).toBe('PONG')
      await expect(client.get('progress:x')).rejects.toThrow(/NOPERM/)
      await expect(client.info()).rejects.toThrow(/NOPERM/)
    } finally {
      client.disconnect()
    }
  })
})

describe('in PostgreSQL', () => {
  const denied: [role: Role, statement: string][] = [
    ...roles.flatMap((role): [Role, string][] => [
      [role, 'drop table videos'],
      [role, 'alter table videos add column mine text'],
      [role, 'truncate tasks'],
      [role, 'create table mine (n integer)'],
      [role, 'create index mine on videos (title)'],
      [role, 'create role mine superuser'],
      [role, "copy videos to program 'cat'"],
      [role, 'update schema_migrations set version = 0'],
    ]),
    ['api', 'insert into workers (id) values (1)'],
    ['worker', 'select body from idempotency_keys'],
    ['courier', 'select * from idempotency_keys'],
    ['courier', 'select * from uploads'],
    ['courier', 'select objects from segments'],
    ['courier', 'select * from workers'],
    ['api', "update api_keys set scopes = '{admin}'"],
    ['api', 'select secret from webhook_secrets'],
    ['worker', 'select * from api_keys'],
    ['worker', 'select secret from webhook_secrets'],
    ['worker', 'select token_secret from maintenance'],
    ['courier', 'select * from api_keys'],
    ['courier', 'delete from videos'],
    ['courier', 'delete from tasks'],
    ['courier', 'insert into videos (id) values (gen_random_uuid())'],
  ]
  test.each(denied)('%s may not: %s', async (role, statement) => {
    const sql = postgres(as(role, system.config.DATABASE_URL), { max: 1 })
    try {
      // 42501: insufficient_privilege, of what is owned by another too.
      await expect(sql.unsafe(statement)).rejects.toMatchObject({ code: '42501' })
    } finally {
      await sql.end()
    }
  })

  test('every table is granted to the API, or is one that it must not read', async () => {
    const rows = await system.sql<{ name: string }[]>`
      select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind = 'r'
        and not has_table_privilege('stepladder_api', c.oid, 'select') order by 1`
    expect(rows.map(({ name }) => name)).toEqual(['maintenance', 'passes', 'webhook_secrets'])
  })
})
