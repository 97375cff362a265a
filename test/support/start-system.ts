import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcessGroup } from '../../scripts/stack/processes.ts'
import type { Config } from '../../src/config.ts'
import { createDatabase, type Database } from '../../src/db.ts'
import { createLog } from '../../src/log.ts'
import { createRedis, type Redis, type RedisNames, redisNames } from '../../src/redis.ts'
import { createStorage, type Storage } from '../../src/storage.ts'
import { type AppProcess, startApp } from './app-process.ts'
import { throwIfFound } from './log-search/search.ts'
import { createTestData } from './test-data.ts'

export type TestSystem = AsyncDisposable & {
  baseUrl: string
  environment: { [name: string]: string }
  config: Config
  /** To look at the rows behind the API. */
  sql: Database
  /** To look at the objects behind the API. */
  storage: Storage
  /** To look at the stream behind the API. */
  redis: Redis
  names: RedisNames
  api: AppProcess
  /** Those that live now. */
  workers(): { name: string; pid: number }[]
  /** Another one beside `api`, on a port of its own. */
  startApi(options?: AppOptions): Promise<{ baseUrl: string; app: AppProcess }>
  startWorker(name: string, environment?: { [name: string]: string }, args?: string[]): Promise<AppProcess>
  startCourier(environment?: { [name: string]: string }): Promise<AppProcess>
  /** Sends the signal and resolves once the worker is gone; with SIGKILL its ffmpeg is left to itself, as in life. */
  killWorker(name: string, signal: NodeJS.Signals): Promise<string>
  /** What all processes printed so far. */
  logs(): string
  /** Ends every process and drops all data. Throws if a line or a row held a secret. */
  dispose(): Promise<void>
}

type AppOptions = { environment?: { [name: string]: string }; args?: string[] }

export type SystemOptions = {
  /** The folder with api.ts, worker.ts and courier.ts; default cmd. */
  entries?: string
  /** Default 1. */
  workers?: number
  slots?: number
  courier?: boolean
  environment?: { [name: string]: string }
  /** What one command has otherwise than the rest: another user of the database, say. */
  environmentOf?: (command: Command, shared: { [name: string]: string }) => { [name: string]: string }
}

type Command = 'api' | 'worker' | 'courier' | 'migrate'

/**
 * Stepladder as it runs for real: its own processes on a database, a Redis prefix and a bucket of
 * their own. Resolves when all of them are ready. `slots` is for each worker, 1 unless told.
 */
export async function startSystem(
  options: SystemOptions & { services: { [name: string]: string } },
): Promise<TestSystem> {
  const scratch = await mkdtemp(join(tmpdir(), 'stepladder-system-'))
  const overrides = {
    SCRATCH_DIR: scratch,
    PORT: '0',
    WORKER_SLOTS: String(options.slots ?? 1),
    ...options.environment,
  }
  const data = await createTestData({ services: options.services, overrides })
  const processes = createProcessGroup()
  const apps: AppProcess[] = []
  const workers = new Map<string, AppProcess>()
  const sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 2 })
  const redis = createRedis({ url: data.config.REDIS_URL, role: 'patient', log: createLog('test', 'warn') })

  function start(
    command: Command,
    name: string,
    { environment: extra = {}, args = [] }: AppOptions = {},
  ): AppProcess {
    const mine = options.environmentOf?.(command, data.environment)
    const environment = { ...data.environment, ...mine, ...extra }
    const entries = command === 'migrate' || !options.entries ? {} : { entries: options.entries }
    const app = startApp({ processes, command, name, environment, args, ...entries })
    apps.push(app)
    return app
  }

  async function startApi(more: AppOptions = {}): Promise<{ baseUrl: string; app: AppProcess }> {
    const app = start('api', 'api', more)
    const { port } = await app.logged('listening')
    return { baseUrl: `http://127.0.0.1:${port}`, app }
  }

  async function startWorker(name: string, extra = {}, args: string[] = []): Promise<AppProcess> {
    const worker = start('worker', name, { environment: { WORKER_NAME: name, ...extra }, args })
    workers.set(name, worker)
    await worker.logged('worker started')
    return worker
  }

  function living(): { name: string; pid: number }[] {
    const alive = [...workers].filter(([, worker]) => !worker.hasExited())
    return alive.map(([name, worker]) => ({ name, pid: worker.pid }))
  }

  async function startCourier(extra = {}): Promise<AppProcess> {
    const courier = start('courier', 'courier', { environment: extra })
    await courier.logged('courier started')
    return courier
  }

  async function killWorker(name: string, signal: NodeJS.Signals): Promise<string> {
    const worker = workers.get(name)
    if (!worker) throw new Error(`no worker ${name}`)
    worker.kill(signal)
    return worker.exited
  }

  async function dispose(): Promise<void> {
    await Promise.all(apps.map((app) => app.stop()))
    for (const app of apps) endGroup(app.pid)
    await sql.end({ timeout: 1 })
    redis.disconnect()
    await data.drop()
    await rm(scratch, { recursive: true, force: true })
    throwIfFound()
  }

  try {
    await finished(start('migrate', 'migrate'))
    const [api] = await Promise.all([
      startApi(),
      ...Array.from({ length: options.workers ?? 1 }, (_, index) => startWorker(`worker-${index + 1}`)),
      ...(options.courier ? [startCourier()] : []),
    ])
    return {
      baseUrl: api.baseUrl,
      environment: data.environment,
      config: data.config,
      sql,
      storage: createStorage(data.config),
      redis,
      names: redisNames(data.config.REDIS_PREFIX),
      api: api.app,
      workers: living,
      startApi,
      startWorker,
      startCourier,
      killWorker,
      logs: () => apps.flatMap((app) => app.lines).join('\n'),
      dispose,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function finished(app: AppProcess): Promise<void> {
  const how = await app.exited
  if (how !== 'exit code 0') throw new Error(`${app.name}: ${how}:\n${app.lines.join('\n')}`)
}

/** Ends what a killed worker left in its process group: its ffmpeg. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left, which is the usual case
  }
}
