import { randomUUID } from 'node:crypto'
import { inject, vi } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { startCourier } from '../../../src/courier/start.ts'
import { createDatabase, type Database } from '../../../src/db.ts'
import { fetchedPrefix } from '../../../src/jobs/object-keys.ts'
import { submitVideo } from '../../../src/jobs/submit.ts'
import { jobOptionsSchema } from '../../../src/media/plan/job-options.ts'
import { migrate } from '../../../src/migrate.ts'
import { createStorage, type Storage } from '../../../src/storage.ts'
import { unscrubbedLog } from '../../support/log-search/searched-log.ts'
import { createTestData } from '../../support/test-data.ts'

type FetchRow = {
  state: string
  attempt: number
  crashes: number
  fence: number
  status: string
  source_url: string
  source_key: string | null
  source_etag: string | null
  source_size_bytes: number | null
  error_code: string | null
  error_message: string | null
}

export type CourierSystem = Awaited<ReturnType<typeof createCourierSystem>>

/** Tables and a bucket of their own, and videos to fetch; with `courier`, one in this process that fetches them. */
export async function createCourierSystem(options: {
  courier: boolean
  overrides?: { [name: string]: string }
}) {
  const overrides = {
    FETCH_PRIVATE_ADDRESSES: 'true',
    FETCH_SLOTS: '6',
    BEAT_MS: '200',
    REAP_MS: '400',
    LEASE_MS: '2000',
    RETRY_BASE_MS: '20',
    MAX_ATTEMPTS: '2',
    ...options.overrides,
  }
  const data = await createTestData({ services: inject('services'), overrides })
  const sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 3 })
  const storage = createStorage(data.config)
  await Promise.all([migrate(sql), storage.ensureBucket()])
  const logged: string[] = []
  const log = unscrubbedLog('courier', logged)
  const courier = options.courier ? startCourier(data.config, log) : null

  let drained: Promise<void> | undefined
  const drain = async () => {
    drained ??= courier?.drain()
    await drained
  }

  async function submit(url: string, sha256?: string): Promise<string> {
    const id = randomUUID()
    await submitVideo(sql, {
      ...{ id, title: null, priority: 'normal', metadata: {}, options: jobOptionsSchema.parse({}) },
      source: { kind: 'url', url, ...(sha256 !== undefined && { sha256 }) },
    })
    await sql.notify('stepladder_fetch', '')
    return id
  }

  async function look(id: string): Promise<FetchRow> {
    const [row] = await sql<FetchRow[]>`
      select t.state, t.attempt, t.crashes, t.fence, v.status, v.source_url, v.source_key, v.source_etag,
             v.source_size_bytes, v.error_code, v.error_message
      from tasks t join videos v on v.id = t.video_id where v.id = ${id} and t.kind = 'fetch'`
    if (!row) throw new Error(`no video ${id}`)
    return row
  }

  /** The row once `accept` likes it. */
  async function until(id: string, accept: (row: FetchRow) => boolean): Promise<FetchRow> {
    const found = async () => {
      const row = await look(id)
      if (!accept(row)) throw new Error(`the fetch is still ${row.state}`)
      return row
    }
    return vi.waitFor(found, { timeout: 45_000, interval: 20 })
  }

  return {
    config: data.config satisfies Config as Config,
    environment: data.environment,
    sql: sql satisfies Database as Database,
    storage: storage satisfies Storage as Storage,
    logged,
    submit,
    look,
    until,
    /** Submits and waits for the fetch to be over. */
    fetched: async (url: string, sha256?: string) => {
      const id = await submit(url, sha256)
      const over = ['done', 'failed', 'cancelled']
      return { id, ...(await until(id, ({ state }) => over.includes(state))) }
    },
    /** What the store holds of a video's source: objects and uploads begun. */
    kept: async (id: string) => {
      const [objects, uploads] = await Promise.all([storage.list(fetchedPrefix(id)), storage.listUploads()])
      const ours = uploads.filter(({ key }) => key.startsWith(fetchedPrefix(id)))
      return [...objects, ...ours].map(({ key }) => key)
    },
    drain,
    async [Symbol.asyncDispose]() {
      await drain()
      await sql.end({ timeout: 1 })
      await data.drop()
    },
  }
}

/** The stored object, read through a presigned URL. */
export async function storedBytes(storage: Storage, key: string | null): Promise<Buffer> {
  if (key === null) throw new Error('nothing is stored')
  const response = await fetch(await storage.presignRead(key))
  return Buffer.from(await response.arrayBuffer())
}
