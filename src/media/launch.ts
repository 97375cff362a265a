import { accessSync, constants, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'

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

/**
 * The command line for a media program. Where `setpriv` exists the kernel kills the program when
 * our process dies, which nothing else does after a `kill -9`.
 */
export function launchCommand(program: string, args: readonly string[]): [file: string, args: string[]] {
  // The child has no PATH to search.
  const file = findProgram(program) ?? program
  const setpriv = findProgram('setpriv')
  // The setpriv of BusyBox knows no --pdeathsig.
  if (setpriv === null || basename(realpathSync(setpriv)) === 'busybox') return [file, [...args]]
  return [setpriv, ['--pdeathsig', 'KILL', '--', file, ...args]]
}

const found = new Map<string, string | null>()

/** The absolute path of a program, looked up once in PATH (which is the shell's, no setting of ours). */
function findProgram(name: string): string | null {
  if (name.includes('/')) return name
  const known = found.get(name)
  if (known !== undefined) return known
  const path =
    (process.env.PATH ?? '')
      .split(':')
      .map((folder) => join(folder, name))
      .find(isExecutable) ?? null
  found.set(name, path)
  return path
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // accessSync has no other way to say no
  }
}
