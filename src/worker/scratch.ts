import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owned } from '../jobs/state.ts'
import { asScratchError } from './scratch-room.ts'

/** A folder of one run, `<task>-<fence>`, so that an older run of the same task never shares it. */
export function createScratch(root: string, owned: Owned) {
  const folder = join(root, `${owned.taskId}-${owned.fence}`)
  let made: Promise<string> | null = null
  return {
    path: () => {
      made ??= mkdir(folder, { recursive: true, mode: 0o700 }).then(
        () => folder,
        (error: unknown) => {
          throw asScratchError(error)
        },
      )
      return made
    },
    /** Never fails: what stays is swept at the next start. */
    remove: async () => {
      if (made) await rm(folder, { recursive: true, force: true }).catch(() => {})
    },
  }
}

/**
 * The folder of this process, `<name>-<pid>`. Removes those of earlier lives under the same name, which
 * a kill -9 left behind; a second worker that shares the name is alive and keeps its own.
 */
export async function claimScratch(root: string, workerName: string): Promise<string> {
  for (const entry of await readdir(root).catch(() => [])) {
    const pid = entry.startsWith(`${workerName}-`) ? Number(entry.slice(workerName.length + 1)) : Number.NaN
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) {
      await rm(join(root, entry), { recursive: true, force: true })
    }
  }
  return join(root, `${workerName}-${process.pid}`)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // ESRCH; a process of another user (EPERM) cannot be ours
  }
}
