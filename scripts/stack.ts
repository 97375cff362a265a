import { join, resolve } from 'node:path'
import { loadConfig } from '../src/config.ts'
import { takeOver } from './stack/leftovers.ts'
import { askStore, startMinio } from './stack/minio.ts'
import { releasePort } from './stack/ports.ts'
import { askDatabase, startPostgres } from './stack/postgres.ts'
import { createProcessGroup, type ProcessGroup } from './stack/processes.ts'
import { untilItAnswers } from './stack/ready.ts'
import { pingRedis, startRedis } from './stack/redis.ts'
import type { ServiceOptions } from './stack/service.ts'

export type Stack = AsyncDisposable & {
  /** What a process of ours needs to reach the services: DATABASE_URL, REDIS_URL, S3_… */
  environment: { [name: string]: string }
  /** Where further processes may be started that belong to this stack. */
  processes: ProcessGroup
  /** Ends everything, the latest first; the data stays. */
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL, Redis and MinIO with their data below `dataDir`, except where DATABASE_URL,
 * REDIS_URL or S3_ENDPOINT names one that runs already. Resolves when all three answer. `ports:
 * 'usual'` takes the well-known ones where they are free. Throws `tool_missing`, `stack_in_use`,
 * `not_started`, `not_ready`.
 */
export async function startStack(options: {
  dataDir: string
  ports: 'usual' | 'free'
  /** False: no fsync, for data nobody will miss. Default true. */
  durable?: boolean
  /** Further settings of PostgreSQL, as `name=value`. */
  postgresSettings?: readonly string[]
  log?: (line: string) => void
}): Promise<Stack> {
  const dataDir = resolve(options.dataDir)
  const record = await takeOver(`${dataDir}/processes.json`)
  const processes = createProcessGroup(record)
  const ports: number[] = []
  const stop = async () => {
    await processes.stopAll()
    for (const port of ports.splice(0)) releasePort(port)
  }
  const ours = { ...options, dataDir, processes }
  try {
    // All settled, so that none still starts while the others are being stopped.
    const started = await Promise.allSettled([database(ours), cache(ours), store(ours)])
    const environment: { [name: string]: string } = {}
    for (const service of started) {
      if (service.status === 'rejected') throw service.reason
      Object.assign(environment, service.value.environment)
      if (service.value.port !== undefined) ports.push(service.value.port)
    }
    return { environment, processes, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Options = Omit<Parameters<typeof startStack>[0], 'dataDir'> & {
  dataDir: string
  processes: ProcessGroup
}
type Started = { environment: { [name: string]: string }; port?: number }

const usual = loadConfig({})

async function database(options: Options): Promise<Started> {
  const given = process.env.DATABASE_URL
  if (given) {
    await untilItAnswers({ name: 'DATABASE_URL', probe: () => askDatabase(given), withinMs: 10_000 })
    return { environment: { DATABASE_URL: given } }
  }
  const { durable = true } = options
  const preferredPort = portOf(usual.DATABASE_URL)
  const started = await startPostgres({
    ...service(options, preferredPort),
    durable,
    settings: options.postgresSettings ?? [],
    url: usual.DATABASE_URL,
  })
  tellPort(options, { name: 'PostgreSQL', preferredPort, port: started.port })
  return { environment: { DATABASE_URL: started.url }, port: started.port }
}

async function cache(options: Options): Promise<Started> {
  const given = process.env.REDIS_URL
  if (given) {
    await untilItAnswers({ name: 'REDIS_URL', probe: () => pingRedis(given), withinMs: 10_000 })
    return { environment: { REDIS_URL: given } }
  }
  const preferredPort = portOf(usual.REDIS_URL)
  const started = await startRedis(service(options, preferredPort))
  tellPort(options, { name: 'Redis', preferredPort, port: started.port })
  return { environment: { REDIS_URL: started.url }, port: started.port }
}

async function store(options: Options): Promise<Started> {
  const given = process.env.S3_ENDPOINT
  const accessKey = process.env.S3_ACCESS_KEY || usual.S3_ACCESS_KEY
  const secretKey = process.env.S3_SECRET_KEY || usual.S3_SECRET_KEY
  const keys = { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey }
  const credentials = { accessKey, secretKey }
  if (given) {
    await untilItAnswers({ name: 'S3_ENDPOINT', probe: () => askStore(given, credentials), withinMs: 10_000 })
    return { environment: { S3_ENDPOINT: given, ...keys } }
  }
  const preferredPort = portOf(usual.S3_ENDPOINT)
  const started = await startMinio({ ...service(options, preferredPort), credentials })
  tellPort(options, { name: 'MinIO', preferredPort, port: started.port })
  return { environment: { S3_ENDPOINT: started.endpoint, ...keys }, port: started.port }
}

function service(options: Options, preferredPort: number): ServiceOptions {
  return {
    dataDir: options.dataDir,
    logDir: join(options.dataDir, 'logs'),
    processes: options.processes,
    preferredPort: options.ports === 'usual' ? preferredPort : 0,
    environment: { PATH: process.env.PATH, HOME: options.dataDir, LC_ALL: 'C' },
  }
}

function tellPort(options: Options, at: { name: string; preferredPort: number; port: number }): void {
  if (options.ports !== 'usual' || at.port === at.preferredPort) return
  options.log?.(`port ${at.preferredPort} is taken; ${at.name} listens on ${at.port}`)
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

// `node scripts/stack.ts [folder]`: the three services for a session at the keyboard.
if (import.meta.main) {
  const stack = await startStack({ dataDir: process.argv[2] ?? '.local', ports: 'usual', log: console.error })
  for (const [name, value] of Object.entries(stack.environment)) console.log(`export ${name}=${value}`)
  const { promise, resolve: stopNow } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopNow())
  await promise
  await stack.stop()
}
