import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { choosePort, releasePort } from '../../stack/ports.ts'
import { untilItAnswers } from '../../stack/ready.ts'
import { apiFlags, type BenchSystem, unlimited } from '../bench-system.ts'
import { anonymousMb } from '../cpu.ts'

export const serverKinds = ['bare', 'Stepladder'] as const
export type ServerKind = (typeof serverKinds)[number]
export type Server = AsyncDisposable & {
  /** The address of the video's event stream. */
  url: string
  pid: number
  /** Memory of its own before anybody came, in MB. */
  idleMb: number
}

const settleMs = 2_000

/** One server alone and fresh, for memory that one set of readers made a process take is not given back to the next. */
export async function startServer(system: BenchSystem, kind: ServerKind, videoId: string): Promise<Server> {
  const port = await choosePort(8290)
  const log = `.local/bench/logs/sse-${kind}.log`
  const script = kind === 'bare' ? [join(import.meta.dirname, 'bare-server.ts')] : [...apiFlags, apiScript]
  const server = system.stack.processes.start({
    name: kind,
    command: process.execPath,
    args: script,
    environment: {
      ...process.env,
      ...system.stack.environment,
      ...unlimited,
      PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    output: log,
  })
  const url = `http://127.0.0.1:${port}/progress/${videoId}`
  // One reader as a rehearsal: what is loaded once is not the cost of a connection.
  const probe = async () => void (await fetch(url)).body?.cancel()
  await untilItAnswers({ name: kind, probe, process: server, logFile: log })
  await sleep(settleMs)

  async function stop(): Promise<void> {
    await server.stop()
    releasePort(port)
  }
  return { url, pid: server.pid, idleMb: anonymousMb(server.pid), [Symbol.asyncDispose]: stop }
}

const apiScript = join(import.meta.dirname, '../../../cmd/api.ts')
