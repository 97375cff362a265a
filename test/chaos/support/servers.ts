import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMinio } from '../../../scripts/stack/minio.ts'
import { releasePort } from '../../../scripts/stack/ports.ts'
import { startPostgres } from '../../../scripts/stack/postgres.ts'
import { createProcessGroup, type RunningProcess } from '../../../scripts/stack/processes.ts'
import { startRedis } from '../../../scripts/stack/redis.ts'
import type { ServiceOptions } from '../../../scripts/stack/service.ts'
import { loadConfig } from '../../../src/config.ts'
import { searchFiles } from '../../support/log-search/files.ts'

type Server = {
  url: string
  /** Its data; what is removed while it is down is lost. */
  folder: string
  /** Resolves when it is gone. PostgreSQL takes SIGQUIT for an immediate stop. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Again, on the same data and port; resolves when it answers. */
  start(): Promise<void>
}

export type Servers = AsyncDisposable & {
  postgres: Server
  redis: Server
  store: Server
  /** DATABASE_URL, REDIS_URL, S3_… of these three. */
  environment: { [name: string]: string }
}

/** PostgreSQL, Redis and MinIO of one's own, to be killed and started again at will. Data goes with them. */
export async function startServers(): Promise<Servers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stepladder-chaos-'))
  const { S3_ACCESS_KEY, S3_SECRET_KEY, DATABASE_URL } = loadConfig({})
  const credentials = { accessKey: S3_ACCESS_KEY, secretKey: S3_SECRET_KEY }
  const stops: (() => Promise<void>)[] = []
  async function dispose(): Promise<void> {
    await Promise.all(stops.map((stop) => stop()))
    await searchFiles(join(dataDir, 'logs'))
    rmSync(dataDir, { recursive: true, force: true })
  }
  const server = async (name: string, start: Start): Promise<Server> => {
    const made = await startServer(dataDir, name, start)
    stops.push(made.stop)
    return made
  }
  try {
    const [postgres, redis, store] = await Promise.all([
      server('postgres', (options) => startPostgres({ ...options, url: DATABASE_URL, durable: false })),
      server('redis', startRedis),
      server('minio', async (options) => {
        const { endpoint, port } = await startMinio({ ...options, credentials })
        return { url: endpoint, port }
      }),
    ])
    const environment = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      S3_ENDPOINT: store.url,
      S3_ACCESS_KEY,
      S3_SECRET_KEY,
    }
    return { postgres, redis, store, environment, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

type Start = (options: ServiceOptions) => Promise<{ url: string; port: number }>

async function startServer(
  dataDir: string,
  name: string,
  start: Start,
): Promise<Server & { stop(): Promise<void> }> {
  const group = createProcessGroup()
  let running: RunningProcess | null = null
  const processes = {
    ...group,
    start: (spec: Parameters<typeof group.start>[0]) => {
      running = group.start(spec)
      return running
    },
  }
  const run = (preferredPort: number) =>
    start({
      dataDir,
      logDir: join(dataDir, 'logs'),
      processes,
      preferredPort,
      environment: { PATH: process.env.PATH, HOME: dataDir, LC_ALL: 'C' },
    })
  const { url, port } = await run(0)
  return {
    url,
    folder: join(dataDir, name),
    async kill(signal) {
      running?.kill(signal)
      await running?.exited
    },
    async start() {
      releasePort(port)
      const again = await run(port)
      if (again.port !== port) throw new Error(`${name} came back on port ${again.port}, not ${port}`)
    },
    async stop() {
      await group.stopAll()
      releasePort(port)
    },
  }
}
