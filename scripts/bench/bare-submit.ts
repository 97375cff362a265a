/**
 * The floor for `POST /jobs`: Hono and zod, one INSERT of a row, one XADD, 201; for a key also the look
 * at the object that pins its ETag.
 */
import { randomUUIDv7 } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'
import { loadConfig } from '../../src/config.ts'
import { createDatabase, json } from '../../src/db.ts'
import { createLog } from '../../src/log.ts'
import { createRedis } from '../../src/redis.ts'
import { createStorage } from '../../src/storage.ts'

const config = loadConfig()
const sql = createDatabase({ url: config.DATABASE_URL, name: 'bare', max: 10 })
const redis = createRedis({ url: config.REDIS_URL, role: 'request', log: createLog('bare', 'warn') })
const storage = createStorage(config)
const body = z.strictObject({
  source: z.union([z.strictObject({ url: z.url() }), z.strictObject({ key: z.string() })]),
  title: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
})

await sql`create table if not exists bare_jobs (
  id uuid primary key, title text, source text not null, metadata jsonb not null, status text not null default 'queued',
  created_at timestamptz not null default now())`

const app = new Hono()
app.post('/jobs', async (c) => {
  const job = body.parse(await c.req.json())
  const found = 'key' in job.source ? await storage.head(job.source.key) : null
  const id = randomUUIDv7()
  await sql`insert into bare_jobs (id, title, source, metadata)
            values (${id}, ${job.title ?? null}, ${'key' in job.source ? `${job.source.key} ${found?.etag}` : job.source.url}, ${json(sql, job.metadata)})`
  await redis.xadd('bare:jobs', '*', 'task', id)
  return c.json({ id, status: 'queued' }, 201, { location: `/videos/${id}` })
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: config.PORT })
