import { join } from 'node:path'
import type { ProcessGroup, RunningProcess } from '../../scripts/stack/processes.ts'
import { knowSecrets, searchLine } from './log-search/search.ts'
import { secretsIn } from './log-search/secrets.ts'

type LogEntry = { msg: string; [name: string]: unknown }

export type AppProcess = RunningProcess & {
  /** Every line it printed, with its name in front. */
  lines: readonly string[]
  /** The first entry that matches, already printed or to come; rejects when the process ends first. */
  logged(match: string | ((entry: LogEntry) => boolean), withinMs?: number): Promise<LogEntry>
}

const commands = join(import.meta.dirname, '../../cmd')

type Waiter = { accept: (entry: LogEntry) => boolean; resolve: (entry: LogEntry) => void }

/** One of our own processes, `<entries>/<command>.ts` (`entries` is cmd unless told), with its log at hand and searched for secrets. */
export function startApp(options: {
  processes: ProcessGroup
  command: 'api' | 'worker' | 'courier' | 'migrate'
  entries?: string
  args?: readonly string[]
  name: string
  environment: NodeJS.ProcessEnv
}): AppProcess {
  const lines: string[] = []
  const entries: LogEntry[] = []
  const waiters = new Set<Waiter>()
  const log = `${options.name} of ${options.environment.REDIS_PREFIX}`
  knowSecrets(secretsIn(options.environment))
  const running = options.processes.start({
    name: options.name,
    command: process.execPath,
    args: [join(options.entries ?? commands, `${options.command}.ts`), ...(options.args ?? [])],
    environment: options.environment,
    stopWithinMs: 5_000,
    output: (line) => {
      lines.push(`${options.name} ${line}`)
      searchLine(log, line)
      const entry = parseEntry(line)
      if (!entry) return
      entries.push(entry)
      for (const waiter of waiters) if (waiter.accept(entry)) waiter.resolve(entry)
    },
  })

  function logged(match: string | ((entry: LogEntry) => boolean), withinMs = 30_000): Promise<LogEntry> {
    const accept = typeof match === 'string' ? (entry: LogEntry) => entry.msg === match : match
    const earlier = entries.find(accept)
    if (earlier) return Promise.resolve(earlier)
    const { promise, resolve, reject } = Promise.withResolvers<LogEntry>()
    const waiter = { accept, resolve }
    waiters.add(waiter)
    const fail = (why: string) => reject(new Error(`${options.name} ${why}:\n${lines.slice(-30).join('\n')}`))
    const timer = setTimeout(() => fail(`did not log ${match} within ${withinMs} ms`), withinMs)
    void running.exited.then((how) => fail(`ended (${how}) before it logged ${match}`))
    return promise.finally(() => {
      clearTimeout(timer)
      waiters.delete(waiter)
    })
  }

  return { ...running, lines, logged }
}

function parseEntry(line: string): LogEntry | null {
  if (!line.startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(line)
    return isEntry(value) ? value : null
  } catch {
    return null // an uncaught error's text
  }
}

function isEntry(value: unknown): value is LogEntry {
  return typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string'
}
