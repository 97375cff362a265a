import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { messageOf, StepladderError } from '../../src/errors.ts'
import type { Record } from './leftovers.ts'

type ProcessSpec = {
  name: string
  command: string
  args: readonly string[]
  environment: NodeJS.ProcessEnv
  /** Standard output and error: appended to this file, or handed over line by line. */
  output: string | ((line: string) => void)
  cwd?: string
  user?: { uid: number; gid: number }
  /** An open file that becomes descriptor 3. */
  descriptor?: number
  /** Asks it to end; the kernel sends the same when we die. Default SIGTERM. */
  stopSignal?: NodeJS.Signals
  /** How long it may take to end before SIGKILL. Default 15 s. */
  stopWithinMs?: number
}

export type RunningProcess = {
  name: string
  pid: number
  /** How it ended, in words. Never rejects. */
  exited: Promise<string>
  /** True from the moment it is gone. */
  hasExited(): boolean
  kill(signal: NodeJS.Signals): void
  /** Asks, waits, kills; resolves when it is gone. */
  stop(): Promise<void>
}

export type ProcessGroup = {
  start(spec: ProcessSpec): RunningProcess
  /** Ends everything still running, the latest first. */
  stopAll(): Promise<void>
}

/** Starts processes that do not outlive us: not when we end, and on Linux not when we are killed. */
export function createProcessGroup(record?: Record): ProcessGroup {
  const running: RunningProcess[] = []
  return {
    start(spec) {
      const started = startProcess(spec)
      record?.add({ name: spec.name, pid: started.pid, stopSignal: spec.stopSignal ?? 'SIGTERM' })
      running.push(started)
      return started
    },
    async stopAll() {
      for (const one of running.splice(0).reverse()) await one.stop()
      record?.clear()
    },
  }
}

function startProcess(spec: ProcessSpec): RunningProcess {
  const child = spawnChild(spec)
  const { pid } = child
  let ended = false
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)))
    child.once('exit', (code, signal) => {
      const how = signal ? `killed by ${signal}` : `exit code ${code}`
      // The last lines, which say what it died of, may still be on the way; but a child of its own
      // that lives on may hold the pipe open for long.
      child.once('close', () => resolve(how))
      setTimeout(() => resolve(how), 1_000).unref()
    })
  }).then((how) => {
    ended = true
    return how
  })
  if (pid === undefined) {
    throw new StepladderError(
      'not_started',
      `${spec.name} could not be started: ${spec.command} cannot be run`,
    )
  }
  return {
    name: spec.name,
    pid,
    exited,
    hasExited: () => ended,
    kill: (signal) => void child.kill(signal),
    async stop() {
      if (ended) return
      child.kill(spec.stopSignal ?? 'SIGTERM')
      const patience = new AbortController()
      const tooLate = after(spec.stopWithinMs ?? 15_000, 'too late', { signal: patience.signal }).catch(
        () => '',
      )
      if ((await Promise.race([exited, tooLate])) === 'too late') child.kill('SIGKILL')
      patience.abort()
      await exited
    },
  }
}

function spawnChild(spec: ProcessSpec): ChildProcess {
  const toFile = typeof spec.output === 'string' ? openLog(spec.output) : null
  const sink = toFile ?? 'pipe'
  const [command, args] = dyingWithParent(spec)
  const child = spawn(command, args, {
    cwd: spec.cwd,
    env: spec.environment,
    stdio: ['ignore', sink, sink, ...(spec.descriptor === undefined ? [] : [spec.descriptor])],
    ...spec.user,
    // Its own process group: Ctrl-C in the terminal reaches us alone, and we end things in order.
    detached: true,
  })
  if (toFile !== null) closeSync(toFile)
  if (typeof spec.output === 'function') {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', spec.output)
    }
  }
  return child
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'a')
}

let canTieToParent: boolean | undefined

/** prctl(2) PR_SET_PDEATHSIG by way of setpriv(1), where there is one. */
function dyingWithParent(spec: ProcessSpec): [string, string[]] {
  canTieToParent ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0
  if (!canTieToParent) return [spec.command, [...spec.args]]
  return ['setpriv', ['--pdeathsig', spec.stopSignal ?? 'SIGTERM', '--', spec.command, ...spec.args]]
}
