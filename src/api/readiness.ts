import { readdir } from 'node:fs/promises'
import { messageOf } from '../errors.ts'
import { isSeen } from '../jobs/workers.ts'
import type { ApiContext } from './context.ts'

/** `warning` does not make the API unready. `message` is a sentence. */
type Check = { status: 'ok' | 'warning' | 'failed'; message: string }

const withinMs = 3_000
const sqlFolder = new URL('../../sql/', import.meta.url)

/** Asks every neighbour. Without workers the API is ready: jobs wait in the database. */
export async function checkReadiness(
  context: ApiContext,
): Promise<{ ready: boolean; checks: Record<string, Check> }> {
  const [database, redis, storage, workers] = await Promise.all([
    guarded('the database', () => checkDatabase(context)),
    guarded('Redis', () => checkRedis(context)),
    guarded('the object store', () => checkStorage(context)),
    guarded('the table of workers', () => checkWorkers(context)),
  ])
  const ready = [database, redis, storage].every(({ status }) => status !== 'failed')
  return { ready, checks: { database, redis, storage, workers } }
}

async function checkDatabase({ sql }: ApiContext): Promise<Check> {
  const files = (await readdir(sqlFolder)).filter((name) => name.endsWith('.sql'))
  const [table] = await sql<
    { there: boolean }[]
  >`select to_regclass('schema_migrations') is not null as there`
  const applied = table?.there ? await sql<{ version: number }[]>`select version from schema_migrations` : []
  const missing = files.length - applied.length
  if (missing > 0)
    return failed(`The database lacks ${missing} of ${files.length} migrations: run \`npm run migrate\`.`)
  return ok(`The database answers and has all ${files.length} migrations.`)
}

/** The stream must not be evicted; that it survives a restart is a comfort, no need. */
async function checkRedis({ redis }: ApiContext): Promise<Check> {
  const info = await redis.info('memory', 'persistence', 'server')
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const policy = field('maxmemory_policy')
  if (policy.startsWith('allkeys')) {
    return failed(`Redis may evict the job stream (maxmemory-policy ${policy}): set it to noeviction.`)
  }
  if (field('aof_enabled') !== '1') {
    return warning('Redis has no append-only file: no job is lost with it, but live progress and hints are.')
  }
  return ok(
    `Redis ${field('redis_version')} answers, with ${policy || 'an unknown policy'} and an append-only file.`,
  )
}

async function checkStorage({ storage }: ApiContext): Promise<Check> {
  if (await storage.bucketExists()) return ok(`The bucket ${storage.bucket} exists.`)
  return failed(`The bucket ${storage.bucket} does not exist: run \`npm run migrate\`.`)
}

async function checkWorkers({ sql }: ApiContext): Promise<Check> {
  const builds = await sql<{ build: string; workers: number; slots: number }[]>`
    select build, count(*)::int as workers, sum(slots)::int as slots from workers
    where ${isSeen(sql)} and not draining group by build order by build`
  if (builds.length === 0) return warning('No worker is running: videos wait until one is started.')
  const parts = builds.map(({ build, workers, slots }) => `${workers} with ${slots} slots (ffmpeg ${build})`)
  const faults = [
    ...(builds.length > 1 ? ['A video is made by one build of ffmpeg alone.'] : []),
    ...(await describePaused(sql)),
  ]
  const sentence = [`Workers: ${parts.join(', ')}.`, ...faults].join(' ')
  return faults.length === 0 ? ok(sentence) : warning(sentence)
}

/** A sentence for each need that workers miss. */
async function describePaused(sql: ApiContext['sql']): Promise<string[]> {
  const paused = await sql<{ need: string; workers: number; since: Date }[]>`
    select need, count(*)::int as workers, min(paused_since) as since from workers, unnest(paused_for) need
    where ${isSeen(sql)} and not draining group by need order by need`
  return paused.map(({ need, workers, since }) => {
    const who = workers === 1 ? '1 begins' : `${workers} begin`
    return `${who} nothing for want of ${need}, since ${since.toISOString()}.`
  })
}

async function guarded(name: string, check: () => Promise<Check>): Promise<Check> {
  const { promise: late, resolve } = Promise.withResolvers<Check>()
  const timer = setTimeout(
    () => resolve(failed(`${capital(name)} did not answer within ${withinMs / 1000} s.`)),
    withinMs,
  )
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    return failed(`${capital(name)} did not answer: ${messageOf(error) || 'no connection'}.`)
  } finally {
    clearTimeout(timer)
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const ok = (message: string): Check => ({ status: 'ok', message })
const warning = (message: string): Check => ({ status: 'warning', message })
const failed = (message: string): Check => ({ status: 'failed', message })
