import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Whether a program encodes pictures in a folder whose path begins with `scratch`. */
export function hasEncoder(scratch: string): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      if (!readlinkSync(`/proc/${name}/cwd`).startsWith(scratch)) return false
      // A dead one that its stopped parent has not collected yet has no arguments any more.
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('-filter_complex')
    } catch {
      return false // it ended while we looked, or is not ours to look at
    }
  })
}
