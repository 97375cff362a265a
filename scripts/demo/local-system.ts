import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { StepladderError } from '../../src/errors.ts'
import { choosePort } from '../stack/ports.ts'
import type { RunningProcess } from '../stack/processes.ts'
import { lastLines, untilItAnswers } from '../stack/ready.ts'
import { startStack } from '../stack.ts'

const root = join(import.meta.dirname, '../..')
/** Another folder is for tests, which must not meet a demo that runs. */
const dataDir = resolve(process.env.STEPLADDER_DATA || join(root, '.local'))

export type LocalSystem = AsyncDisposable & {
  baseUrl: string
  /** Rejects with the log's last lines once any of the processes has ended by itself. */
  broken: Promise<never>
}

/** All of Stepladder on this machine: services, migration, API, two workers, courier. Logs in .local/logs. */
export async function startLocalSystem(say: (sentence: string) => void): Promise<LocalSystem> {
  const stack = await startStack({ dataDir, ports: 'usual', log: say })
  const apps: RunningProcess[] = []
  let stopping = false
  const stop = async () => {
    stopping = true
    // Together: a worker may take a few seconds to finish the segment in hand.
    await Promise.all(apps.map((app) => app.stop()))
    await stack.stop()
  }
  const start = (command: string, name: string, extra: NodeJS.ProcessEnv = {}) =>
    stack.processes.start({
      name,
      command: process.execPath,
      args: [join(root, 'cmd', `${command}.ts`)],
      environment: { ...process.env, ...stack.environment, SCRATCH_DIR: scratchDir(), ...extra },
      output: logFile(name),
    })
  try {
    const migration = await start('migrate', 'migrate').exited
    if (migration !== 'exit code 0') throw died('migrate', migration)
    const port = await apiPort(say)
    const api = start('api', 'api', { PORT: String(port) })
    apps.push(api, start('courier', 'courier'))
    for (const name of ['worker-1', 'worker-2']) {
      apps.push(start('worker', name, { WORKER_NAME: name, WORKER_SLOTS: slots() }))
    }
    const baseUrl = `http://127.0.0.1:${port}`
    const probe = () => askApi(baseUrl)
    await untilItAnswers({ name: 'the API', probe, process: api, logFile: logFile('api') })
    const broken = Promise.race(apps.map(async (app) => ({ name: app.name, how: await app.exited }))).then(
      ({ name, how }) => {
        if (stopping) return new Promise<never>(() => {})
        throw died(name, how)
      },
    )
    // Whoever races against it hears of it; while nobody does, it is no unhandled rejection.
    broken.catch(() => {})
    return { baseUrl, broken, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The usual port may be another program's. */
async function apiPort(say: (sentence: string) => void): Promise<number> {
  const preferred = Number(process.env.PORT || 8080)
  const port = await choosePort(preferred)
  if (port !== preferred) say(`port ${preferred} is taken; the API listens on ${port}`)
  return port
}

/** Two workers share the cores of this machine. */
function slots(): string {
  return process.env.WORKER_SLOTS || String(Math.ceil(availableParallelism() / 2))
}

function scratchDir(): string {
  return process.env.SCRATCH_DIR || join(dataDir, 'scratch')
}

async function askApi(baseUrl: string): Promise<void> {
  const response = await fetch(`${baseUrl}/healthz`, { signal: AbortSignal.timeout(2_000) })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
}

function logFile(name: string): string {
  return join(dataDir, 'logs', `${name}.log`)
}

function died(name: string, how: string): StepladderError {
  const file = logFile(name)
  const shown = relative(process.cwd(), file)
  return new StepladderError(
    'process_died',
    `${name} ended (${how}); the last lines of ${shown}:\n${lastLines(file)}`,
  )
}
