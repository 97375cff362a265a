import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owned } from '../jobs/state.ts'
import { endOrphans, markProcess, startOf } from './process-marks.ts'
import { asScratchError } from './scratch-room.ts'

/** A folder of one run, `<task>-<fence>`, so that an older run of the same task never shares it. */
export function createScratch(root: string, owned: Owned) {
  const folder = join(root, `${owned.taskId}-${owned.fence}`)
  let made: Promise<string> | null = null
  return {
    path: () => {
      made ??= make(folder)
      return made
    },
    /** Notes a process of this run, so that the next start can end it should this one be killed. */
    mark: (pid: number) => markProcess(folder, pid),
    /** Never fails: what stays is swept at the next start. */
    remove: async () => {
      if (made !== null) await rm(folder, { recursive: true, force: true }).catch(() => {})
    },
  }
}

async function make(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch (error) {
    throw asScratchError(error)
  }
}

/**
 * The folder of this process, `<name>-<pid>-<start>`. Of earlier lives under the same name, which a
 * kill -9 ended, it ends the programs and removes the folders; a second worker that shares the name is
 * alive and keeps its own. Returns how many processes were still there.
 */
export async function claimScratch(
  root: string,
  workerName: string,
): Promise<{ folder: string; orphans: number }> {
  let orphans = 0
  for (const entry of await readdir(root).catch(() => [])) {
    if (!entry.startsWith(`${workerName}-`)) continue
    const [, pid, start] = /^(\d+)-(\d+)$/.exec(entry.slice(workerName.length + 1)) ?? []
    // The number alone may be a stranger's by now, and the folder would stay for ever.
    if (start === undefined || isAlive(Number(pid), start)) continue
    orphans += await endOrphans(join(root, entry))
    await rm(join(root, entry), { recursive: true, force: true })
  }
  return { folder: join(root, `${workerName}-${process.pid}-${startOf(process.pid)}`), orphans }
}

/** Without a start time (no /proc) nobody can tell; a name belongs to one worker at a time as a rule. */
function isAlive(pid: number, start: string): boolean {
  return start !== '0' && startOf(pid) === start
}
