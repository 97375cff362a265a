import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase } from '../../src/db.ts'
import { choosePort } from '../stack/ports.ts'
import type { RunningProcess } from '../stack/processes.ts'
import { untilItAnswers } from '../stack/ready.ts'
import { type Stack, startStack } from '../stack.ts'

const root = join(import.meta.dirname, '../..')
const dataDir = join(root, '.local/bench')
/** How the API is started where it serves many (Dockerfile, docker-compose.yaml, package.json). */
export const apiFlags = ['--max-semi-space-size=4']

export type BenchSystem = AsyncDisposable & {
  stack: Stack
  baseUrl: string
  api: RunningProcess
  /** A worker; `core` pins it and its ffmpeg to one core. Resolves when it takes tasks. */
  startWorker(options: { name: string; slots: number; core?: number }): Promise<RunningProcess>
}

/** What a caller may do is bounded for people, and this one measures. */
export const unlimited = {
  RATE_READ: '0',
  RATE_WRITE: '0',
  RATE_PROBE: '0',
  MAX_QUEUED_VIDEOS: '0',
  MAX_OPEN_UPLOADS: '0',
  MAX_EVENT_STREAMS: '0',
}

/** Services, migration and API with data of their own below .local/bench, removed before each run. */
export async function startBenchSystem(): Promise<BenchSystem> {
  rmSync(dataDir, { recursive: true, force: true })
  const stack = await startStack({ dataDir, ports: 'free' })
  const environment = {
    ...process.env,
    ...stack.environment,
    ...unlimited,
    LOG_LEVEL: 'info',
    SCRATCH_DIR: join(dataDir, 'scratch'),
  }
  const node = (name: string, extra: NodeJS.ProcessEnv, before: string[] = []) => {
    const [command = process.execPath, ...args] = [
      ...before,
      process.execPath,
      ...(name === 'api' ? apiFlags : []),
      join(root, 'cmd', `${name}.ts`),
    ]
    return stack.processes.start({
      name,
      command,
      args,
      environment: { ...environment, ...extra },
      output: join(dataDir, 'logs', `${name}.log`),
    })
  }
  const migration = await node('migrate', {}).exited
  if (migration !== 'exit code 0') throw new Error(`migrate: ${migration}, see ${dataDir}/logs/migrate.log`)
  const port = await choosePort(8090)
  const api = node('api', { PORT: String(port), LOG_LEVEL: 'warn' })
  const baseUrl = `http://127.0.0.1:${port}`
  const probe = async () => {
    const response = await fetch(`${baseUrl}/readyz`)
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
  }
  await untilItAnswers({ name: 'the API', probe, process: api, logFile: join(dataDir, 'logs', 'api.log') })
  return {
    stack,
    baseUrl,
    api,
    startWorker: async ({ name, slots, core }) => {
      const pin = core === undefined ? [] : ['taskset', '-c', String(core)]
      const worker = node('worker', { WORKER_NAME: name, WORKER_SLOTS: String(slots) }, pin)
      await untilWorkerIsSeen(stack.environment.DATABASE_URL ?? '', name)
      return worker
    },
    [Symbol.asyncDispose]: () => stack.stop(),
  }
}

async function untilWorkerIsSeen(databaseUrl: string, name: string): Promise<void> {
  const sql = createDatabase({ url: databaseUrl, name: 'bench', max: 1 })
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const rows =
        await sql`select 1 from workers where consumer = ${name} and seen_at > now() - interval '5 s'`
      if (rows.length > 0) return
      await sleep(100)
    }
  } finally {
    await sql.end()
  }
  throw new Error(`worker ${name} does not show up; see ${dataDir}/logs/worker.log`)
}
