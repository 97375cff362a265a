import { readFileSync, readlinkSync } from 'node:fs'

/**
 * What tells a process from a later one that got the same number: boot id and start tick
 * (proc(5), stat field 22). Null when it is gone, or where there is no /proc.
 */
export function startedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses and may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    if (state === 'Z' || state === 'X') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}/${fields[19]}`
  } catch {
    return null // gone, or not Linux
  }
}

/** The working directory of a living process; null when it is gone or hidden from us. */
export function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null // gone, or another user's
  }
}
