import { closeSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { findBinary, postgresFolders } from './binaries.ts'
import { choosePort } from './ports.ts'
import { createCluster, freeFromStrangers, openData } from './postgres-cluster.ts'
import type { RunningProcess } from './processes.ts'
import { lastLines, untilItAnswers } from './ready.ts'
import type { ServiceOptions } from './service.ts'

/**
 * A PostgreSQL on the loopback address with the account and database named in `url`. Returns the
 * same URL with the port it got. `durable: false` skips fsync, for data nobody will miss; `settings` are
 * further ones, as `name=value`.
 */
export async function startPostgres(
  options: ServiceOptions & { url: string; durable: boolean; settings?: readonly string[] },
): Promise<{ url: string; port: number }> {
  const folder = join(options.dataDir, 'postgres')
  const find = (name: string) => findBinary(name, { hint, alsoIn: postgresFolders() })
  const url = new URL(options.url)
  const { durable, environment } = options
  if (!existsSync(folder)) createCluster({ folder, initdb: find('initdb'), url, durable, environment })
  freeFromStrangers(folder)
  const port = await choosePort(options.preferredPort)
  url.port = String(port)
  const logFile = join(options.logDir, 'postgres.log')
  const data = openData(folder)
  try {
    const start = () =>
      options.processes.start({
        name: 'postgres',
        command: find('postgres'),
        args: ['-D', data.path, ...settingArgs({ port, durable, more: options.settings ?? [] })],
        environment,
        output: logFile,
        cwd: '/',
        descriptor: data.descriptor,
        ...(data.user && { user: data.user }),
        // "Fast": ends sessions. On SIGTERM it would wait for every client to leave.
        stopSignal: 'SIGINT',
      })
    await startUntilFree({ start, url, logFile })
  } finally {
    closeSync(data.descriptor)
  }
  await ensureDatabase(url)
  return { url: url.href, port }
}

const hint = 'apt-get install postgresql, or set DATABASE_URL'

function settingArgs(options: { port: number; durable: boolean; more: readonly string[] }): string[] {
  const lines = [
    `port=${options.port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    // Tests run many processes, each with its pool.
    'max_connections=300',
    ...(options.durable ? [] : ['fsync=off', 'full_page_writes=off']),
    ...options.more,
  ]
  return lines.flatMap((line) => ['-c', line])
}

/** The backends of a killed server hold its memory for a moment longer; the new one refuses meanwhile. */
async function startUntilFree(options: {
  start: () => RunningProcess
  url: URL
  logFile: string
}): Promise<void> {
  const { start, url, logFile } = options
  const probe = () => askDatabase(maintenanceUrl(url).href)
  for (let attempt = 1; ; attempt++) {
    const process = start()
    try {
      return await untilItAnswers({ name: 'PostgreSQL', probe, process, logFile })
    } catch (error) {
      const stillHeld = process.hasExited() && /shared memory block/.test(lastLines(logFile, 4))
      if (!stillHeld || attempt === 40) throw error
      await sleep(250)
    }
  }
}

/** Rejects while the server cannot be reached, still recovers or refuses the account. */
export async function askDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    await sql`select 1`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function ensureDatabase(url: URL): Promise<void> {
  const name = url.pathname.slice(1)
  const sql = postgres(maintenanceUrl(url).href, { max: 1 })
  try {
    const found = await sql`select from pg_database where datname = ${name}`
    if (found.length === 0) await sql`create database ${sql(name)}`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function maintenanceUrl(url: URL): URL {
  const other = new URL(url)
  other.pathname = '/postgres'
  return other
}
