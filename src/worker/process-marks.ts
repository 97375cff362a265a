import { readFileSync, writeFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Marks of running processes, `<pid>.pid` in the folder they work in, which holds the time they began.
 * A kill -9 of a worker lets its ffmpeg live where no `setpriv` bound them; the next start ends what is
 * marked. A process id is given out again, so that alone it would hurt strangers: the time tells.
 */
const suffix = '.pid'
const endLimitMs = 2_000

/** Marks a process that just began. At once and not soon: a kill may come in between. */
export function markProcess(folder: string, pid: number): void {
  try {
    writeFileSync(join(folder, `${pid}${suffix}`), startOf(pid))
  } catch {
    // A full disk: the work is worth more than its mark.
  }
}

/** When a process began: field 22, clock ticks since the machine did. 0 where nobody can tell. */
export function startOf(pid: number): string {
  return readStat(pid)?.[19] ?? '0'
}

/**
 * Ends every marked process below a folder whose worker is dead, with its whole group, and waits until
 * they are gone. Returns how many there were.
 */
export async function endOrphans(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const marks = entries.filter(({ name }) => /^\d+\.pid$/.test(name))
  const ended: number[] = []
  for (const { parentPath, name } of marks) {
    const leader = Number(basename(name, suffix))
    const orphans = await orphansOf(parentPath, leader)
    // As a group, where it is surely theirs, so that none is born in between.
    if (orphans.includes(leader)) kill(-leader)
    else for (const pid of orphans) kill(pid)
    ended.push(...orphans)
  }
  for (const until = Date.now() + endLimitMs; ended.some(isRunning) && Date.now() < until; ) await sleep(20)
  return ended.length
}

/**
 * The members of a group that a marked process leads. When it has ended itself and left children, its
 * number may be another group's by now: then only those which work in its folder count.
 */
async function orphansOf(folder: string, leader: number): Promise<number[]> {
  const members = (await processIds()).filter((pid) => groupOf(readStat(pid)) === leader)
  if (members.includes(leader)) {
    const start = await readFile(join(folder, `${leader}${suffix}`), 'utf8').catch(() => '')
    return start !== '' && start === startOf(leader) ? members : []
  }
  const folders = await Promise.all(members.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return members.filter((_, index) => folders[index] === folder)
}

async function processIds(): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  return names.map(Number).filter(Number.isInteger)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function isRunning(pid: number): boolean {
  const state = readStat(pid)?.[0]
  return state !== undefined && state !== 'Z'
}

/** What follows the name in /proc/<pid>/stat, from `state` on (proc(5)); the name may hold spaces and brackets. */
function readStat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** Field 5, the process group. */
const groupOf = (stat: string[] | null): number => Number(stat?.[2] ?? -1)
