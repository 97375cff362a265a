import { readdirSync, readFileSync } from 'node:fs'
import type { Database } from '../../../src/db.ts'
import type { Redis } from '../../../src/redis.ts'
import type { RunningProcess } from '../../stack/processes.ts'
import { cpuSeconds, ownCpuSeconds } from '../cpu.ts'

export type Statement = { text: string; calls: number; ms: number }
export type Measured = {
  seconds: number
  /** Each call is one round trip. */
  statements: Statement[]
  /** How long the server's sessions were at work, waiting for locks and for the disk included. */
  activeMs: number
  redis: { command: string; calls: number; ms: number }[]
  cpuS: { postgres: number; redis: number; workers: number }
}

/** Measures the servers and the workers from now until the function returned is called. */
export async function startMeter(
  { sql, redis }: { sql: Database; redis: Redis },
  workers: readonly RunningProcess[],
): Promise<() => Promise<Measured>> {
  const postmaster = await findPostmaster(sql)
  const readCpu = async () => ({
    postgres: treeSeconds(postmaster),
    redis: await redisSeconds(redis),
    workers: workers.reduce((sum, worker) => sum + cpuSeconds(worker.pid), 0),
  })
  const commandsBefore = await readCommands(redis)
  const cpuBefore = await readCpu()
  const activeBefore = await readActiveMs(sql)
  await sql`select pg_stat_statements_reset()`
  const start = performance.now()

  return async () => {
    const seconds = (performance.now() - start) / 1000
    const statements = await readStatements(sql)
    const cpu = await readCpu()
    const commands = await readCommands(redis)
    return {
      seconds,
      statements,
      activeMs: (await readActiveMs(sql)) - activeBefore,
      redis: [...commands].flatMap(([command, now]) => {
        const before = commandsBefore.get(command) ?? { calls: 0, ms: 0 }
        const calls = now.calls - before.calls
        return calls > 0 ? [{ command, calls, ms: now.ms - before.ms }] : []
      }),
      cpuS: {
        postgres: cpu.postgres - cpuBefore.postgres,
        redis: cpu.redis - cpuBefore.redis,
        workers: cpu.workers - cpuBefore.workers,
      },
    }
  }
}

/** Marks a statement of the benchmark's own, which is not counted. */
export const unmeasured = '/* bench */'

/** Like ones together, of this database, without our own. */
async function readStatements(sql: Database): Promise<Statement[]> {
  const rows = await sql<{ query: string; calls: number; ms: number }[]>`
    select query, sum(calls)::bigint as calls, sum(total_exec_time) as ms from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
      and query not like ${`%${unmeasured}%`} and query not like '%pg_stat_statements%'
    group by query`
  const kinds = new Map<string, Statement>()
  for (const { query, calls, ms } of rows) {
    const text = query.replaceAll(/\s+/g, ' ').trim()
    const kind = kinds.get(text) ?? { text, calls: 0, ms: 0 }
    kinds.set(text, { text, calls: kind.calls + calls, ms: kind.ms + ms })
  }
  // PostgreSQL 15 counts a COMMIT that was prepared the first time only.
  const begun = kinds.get('begin')?.calls ?? 0
  kinds.set('commit', { text: 'commit', calls: begun, ms: Number.NaN })
  return [...kinds.values()].sort((a, b) => b.calls - a.calls)
}

async function readActiveMs(sql: Database): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select active_time as ms from pg_stat_database where datname = current_database() ${sql.unsafe(unmeasured)}`
  return row?.ms ?? 0
}

/** Commands of scripts count too, beside the script's own call. */
async function readCommands(redis: Redis): Promise<Map<string, { calls: number; ms: number }>> {
  const text = await redis.info('commandstats')
  return new Map(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)].map(
      ([, command = '', calls, microseconds]) => [
        command,
        { calls: Number(calls), ms: Number(microseconds) / 1000 },
      ],
    ),
  )
}

async function redisSeconds(redis: Redis): Promise<number> {
  const text = await redis.info('cpu')
  return [...text.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  )
}

/** The parent of the process that serves us. */
async function findPostmaster(sql: Database): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
  return parentOf(row?.pid ?? 0)
}

/** A backend that ends leaves its time to the postmaster. */
function treeSeconds(postmaster: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.reduce((sum, name) => {
    try {
      return parentOf(Number(name)) === postmaster ? sum + ownCpuSeconds(Number(name)) : sum
    } catch {
      return sum // ended meanwhile
    }
  }, cpuSeconds(postmaster))
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
