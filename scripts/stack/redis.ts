import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findBinary } from './binaries.ts'
import { choosePort } from './ports.ts'
import { untilItAnswers } from './ready.ts'
import type { ServiceOptions } from './service.ts'

/** A Redis that forgets nothing on its own: no eviction, append-only file. Returns its URL. */
export async function startRedis(options: ServiceOptions): Promise<{ url: string; port: number }> {
  const command = findBinary('redis-server', { hint: 'apt-get install redis-server, or set REDIS_URL' })
  const folder = join(options.dataDir, 'redis')
  mkdirSync(folder, { recursive: true })
  const port = await choosePort(options.preferredPort)
  const logFile = join(options.logDir, 'redis.log')
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    'maxmemory-policy': 'noeviction',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    daemonize: 'no',
  }
  const process = options.processes.start({
    name: 'redis',
    command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    environment: options.environment,
    output: logFile,
  })
  const url = `redis://127.0.0.1:${port}`
  await untilItAnswers({ name: 'Redis', probe: () => pingRedis(url), process, logFile })
  return { url, port }
}

/** Rejects while the server cannot be reached or still loads its file. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null })
  // The failure is the rejection below; without a listener ioredis prints it as well.
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
