import { type Check, guarded, ok, warning } from '../health/check.ts'
import { checkDatabase } from '../health/database.ts'
import { judgeVersion } from '../health/ffmpeg.ts'
import { checkRedis } from '../health/redis.ts'
import { checkSandbox } from '../health/sandbox.ts'
import { checkBucket } from '../health/storage.ts'
import { isSeen } from '../jobs/workers.ts'
import type { ApiContext } from './context.ts'

/** `warning` does not make the API unready. `message` is a sentence. */
export type Told = Pick<Check, 'status' | 'message'>

/** Asks every neighbour. Without workers the API is ready: jobs wait in the database. */
export async function checkReadiness(
  context: ApiContext,
): Promise<{ ready: boolean; checks: Record<string, Told> }> {
  const [database, redis, storage, workers, ffmpeg] = await Promise.all([
    guarded('The database', () => checkDatabase(context.sql)),
    guarded('Redis', () => checkRedis(context.redis)),
    guarded('The object store', () => checkBucket(context.storage)),
    guarded('The table of workers', () => checkWorkers(context)),
    guarded('The table of workers', () => checkVersions(context)),
  ])
  const ready = [database, redis, storage].every(({ status }) => status !== 'failed')
  const checks = {
    database: told(database),
    redis: told(redis),
    storage: told(storage),
    workers: told(workers),
    ffmpeg: told(ffmpeg),
    // Of the ffprobe that this process runs; workers tell in their logs.
    sandbox: told(checkSandbox(context.sandbox)),
  }
  return { ready, checks }
}

async function checkWorkers({ sql }: ApiContext): Promise<Check> {
  const builds = await sql<{ build: string; workers: number; slots: number }[]>`
    select build, count(*)::int as workers, sum(slots)::int as slots from workers
    where ${isSeen(sql)} and not draining group by build order by build`
  if (builds.length === 0) return warning('No worker is running', 'videos wait until one is started')
  const parts = builds.map(({ build, workers, slots }) => `${workers} with ${slots} slots (ffmpeg ${build})`)
  const faults = [
    ...(builds.length > 1 ? ['A video is made by one build of ffmpeg alone'] : []),
    ...(await describePaused(sql)),
  ]
  const clauses = [`Workers: ${parts.join(', ')}`, ...faults].join('. ')
  return faults.length === 0 ? ok(clauses) : warning(clauses)
}

/** Of the workers' ffmpeg, the one about which there is most to say. */
async function checkVersions({ sql }: ApiContext): Promise<Check> {
  const versions = await sql<{ version: string }[]>`
    select distinct version from workers where ${isSeen(sql)} and not draining order by version`
  const checks = versions.map(({ version }) => judgeVersion(version))
  const worst = ['failed', 'warning', 'ok'].flatMap((status) => checks.filter((one) => one.status === status))
  return worst[0] ?? ok('There is no worker whose ffmpeg could be judged')
}

/** A clause for each need that workers miss. */
async function describePaused(sql: ApiContext['sql']): Promise<string[]> {
  const paused = await sql<{ need: string; workers: number; since: Date }[]>`
    select need, count(*)::int as workers, min(paused_since) as since from workers, unnest(paused_for) need
    where ${isSeen(sql)} and not draining group by need order by need`
  return paused.map(({ need, workers, since }) => {
    const who = workers === 1 ? '1 begins' : `${workers} begin`
    return `${who} nothing for want of ${need}, since ${since.toISOString()}`
  })
}

/** The sentence of a check, with what to do about it. */
function told({ status, message, fix }: Check): Told {
  return { status, message: `${message}${fix ? `: ${fix}` : ''}.` }
}
