import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

const found = new Map<string, string | null>()

/** The absolute path of a program, looked up once in PATH (which is the shell's, no setting of ours). */
export function findProgram(name: string): string | null {
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
