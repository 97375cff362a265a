import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Owned } from '../jobs/state.ts'

/** A folder of one run, `<task>-<fence>`, so that an older run of the same task never shares it. */
export function createScratch(root: string, owned: Owned) {
  const folder = join(root, `${owned.taskId}-${owned.fence}`)
  let made: Promise<string> | null = null
  return {
    path: () => {
      made ??= mkdir(folder, { recursive: true, mode: 0o700 }).then(() => folder)
      return made
    },
    remove: async () => {
      if (made) await rm(folder, { recursive: true, force: true })
    },
  }
}
