import { readFileSync } from 'node:fs'

/** Linux counts process times in hundredths of a second (USER_HZ). */
const ticksPerS = 100

/** CPU seconds of a process so far, with all its children that have ended and were waited for. */
export function cpuSeconds(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold blanks; utime is the 14th field of all, the 12th after it.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15)
  return (user + system + childUser + childSystem) / ticksPerS
}

/** CPU seconds of a process alone. */
export function ownCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0] = fields.slice(11, 13)
  return (user + system) / ticksPerS
}

/**
 * Watches a process's own memory until told to stop, and returns its peaks in MB (10^6 bytes): `own`
 * is what it holds alone (RssAnon, sampled), `resident` counts the program's file too, which all
 * processes of the same Node share (VmHWM).
 */
export function watchMemory(pid: number): () => { own: number; resident: number } {
  let own = 0
  const look = () => {
    own = Math.max(own, anonymousMb(pid))
  }
  const timer = setInterval(look, 100)
  return () => {
    clearInterval(timer)
    look()
    return { own, resident: statusMb(pid, 'VmHWM') }
  }
}

/** Memory that a process holds alone at this moment (RssAnon), in MB. */
export function anonymousMb(pid: number): number {
  return statusMb(pid, 'RssAnon')
}

function statusMb(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
  return (Number(kilobytes) * 1024) / 1e6
}
