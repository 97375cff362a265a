import { readFileSync, realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { MAX_OPEN_FILES, maxAddressSpaceBytes, maxProcesses, maxProcessorS } from '../limits.ts'
import type { Ending } from './ffmpeg-failure.ts'
import { findProgram } from './find-program.ts'
import { boxedIn, type Sandbox, withoutBox } from './sandbox.ts'

/**
 * Options that every media program starts with: an empty environment (ffmpeg obeys `http_proxy`),
 * a process group of its own that is killed whole and at once, and nothing kept in memory.
 */
export const CONFINED = {
  env: {},
  extendEnv: false,
  killDescendants: true,
  killSignal: 'SIGKILL',
  forceKillAfterDelay: false,
  reject: false,
} as const

let sandbox: Sandbox | null = null

/** From now on every program of this process runs in this sandbox, or in none. */
export function launchIn(box: Sandbox | null): void {
  sandbox = box
}

/** How a program that was launched here ended, whatever stood before it. */
export function endingOf(
  { exitCode = null, signal = null }: { exitCode?: number | null; signal?: NodeJS.Signals | null },
  stderr: string,
): Ending {
  const ending = { exitCode, signal }
  return sandbox === null ? ending : withoutBox(ending, stderr)
}

/**
 * The command line for a media program: `setpriv … -- prlimit … -- program …`, each of which replaces
 * the one before, so that it stays one process; both together take 1.5 ms of a start. What is missing
 * on a machine is left out. `setpriv` has the kernel kill the program when our process dies, which
 * nothing else does after a `kill -9`; a shell then looks whether we are still there; `prlimit` sets limits. `maxFileBytes` is the largest file it may
 * write, none unless told: output goes through pipes. `cwd`, its scratch, is the only folder that it finds
 * writable in a sandbox (`launchIn`), where two programs more come before it.
 */
export function launchCommand(
  program: string,
  args: readonly string[],
  { maxFileBytes = 0, cwd = null }: { maxFileBytes?: number; cwd?: string | null } = {},
): [file: string, args: string[]] {
  const prlimit = findProgram('prlimit')
  // The child has no PATH to search.
  const path = findProgram(program) ?? program
  const chain = [path, ...args]
  if (sandbox !== null) {
    // Counted within the sandbox alone; outside it would count all processes of the user.
    if (prlimit !== null) chain.unshift(prlimit, `--nproc=${maxProcesses(availableParallelism())}`, '--')
    chain.unshift(...boxedIn(sandbox, { path, args, cwd }))
  }
  if (prlimit !== null) chain.unshift(prlimit, ...limitArgs(maxFileBytes), '--')
  const setpriv = findProgram('setpriv')
  // The setpriv of BusyBox knows no --pdeathsig.
  if (setpriv !== null && basename(realpathSync(setpriv)) !== 'busybox') {
    chain.unshift(setpriv, '--pdeathsig', 'KILL', '--', ...ifWeLive(findProgram('env') ?? '/usr/bin/env'))
  }
  const [file = program, ...rest] = chain
  return [file, rest]
}

/**
 * The kernel tells of our death only from the moment that `setpriv` asked for it: a program whose worker
 * died in the instant before would run on unseen. From then on its parent is us, or it does not begin.
 */
function ifWeLive(env: string): string[] {
  // Through env, for a shell adds variables of its own.
  return ['/bin/sh', '-c', `[ "$PPID" = "$0" ] && exec ${env} -i "$@"`, String(process.pid)]
}

function limitArgs(maxFileBytes: number): string[] {
  const cores = availableParallelism()
  const cpuS = maxProcessorS(cores)
  return [
    // A crash writes no dump of the source, nor of addresses with signatures.
    limitArg('core', 'Max core file size', 0),
    limitArg('nofile', 'Max open files', MAX_OPEN_FILES),
    limitArg('fsize', 'Max file size', maxFileBytes),
    limitArg('as', 'Max address space', maxAddressSpaceBytes(cores)),
    // SIGXCPU first, which tells more than the SIGKILL of the hard limit.
    limitArg('cpu', 'Max cpu time', cpuS, cpuS + 60),
  ]
}

/** Soft and hard limit; only a privileged process may set one above its own, so ours bounds both. */
function limitArg(option: string, name: string, soft: number, hard = soft): string {
  const own = ownLimit(name)
  return `--${option}=${Math.min(soft, own)}:${Math.min(hard, own)}`
}

let ownLimits: string | null = null

/** The hard limit of our own process by its name in /proc/self/limits; it does not change while we run. */
function ownLimit(name: string): number {
  ownLimits ??= readFileSync('/proc/self/limits', 'utf8')
  const hard = new RegExp(`^${name} +\\S+ +(\\d+) `, 'm').exec(ownLimits)?.[1]
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard)
}
