import { accessSync, constants, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { StepladderError } from '../../src/errors.ts'

/** Where `scripts/setup.sh` keeps what it builds. */
function cacheDir(): string {
  const { STEPLADDER_CACHE, XDG_CACHE_HOME } = process.env
  return STEPLADDER_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'stepladder')
}

/** The full path of a program: on PATH, in `alsoIn`, or in our cache. Throws `tool_missing` with `hint`. */
export function findBinary(name: string, options: { hint: string; alsoIn?: readonly string[] }): string {
  const folders = [...(process.env.PATH ?? '').split(':'), ...(options.alsoIn ?? []), join(cacheDir(), 'bin')]
  for (const folder of folders) {
    if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name)
  }
  throw new StepladderError('tool_missing', `${name} is not installed: ${options.hint}`)
}

/** Debian keeps PostgreSQL's server programs off PATH; the newest major version first. */
export function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return [] // not Debian, or not installed
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
