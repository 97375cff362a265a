import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckedSystem, Finding } from './finding.ts'

/** No encoder runs on, no scratch file stays, where the run that made it is over. */
export function checkLeftovers(system: CheckedSystem): Finding[] {
  return [...checkProcesses(system), ...checkScratch(system)]
}

/** Uploads in parts that nobody will complete: no listing of objects shows them. */
export async function checkUploads({ storage }: CheckedSystem): Promise<Finding[]> {
  const listed = (await storage.listUploads()).filter(({ key }) => {
    return /^(processed|source)\/[^/]+\/t\d+\/f\d+\//.test(key)
  })
  // MinIO's list of the whole bucket keeps an upload whose completion lost its client; that of a key does not.
  const open = await Promise.all(listed.map(({ key }) => storage.listUploads(key)))
  return open
    .flat()
    .map(({ key }) => ({ video: key.split('/')[1] ?? null, fact: 'upload_open', detail: key }))
}

/** Ours are those that work in our scratch folder or on our bucket; they have no environment to know them by. */
function checkProcesses({ config, workers }: CheckedSystem): Finding[] {
  const alive = new Set(workers.map((worker) => worker.pid))
  return readProcesses()
    .filter(({ cwd, command }) => {
      return cwd.startsWith(`${config.SCRATCH_DIR}/`) || command.includes(`/${config.S3_BUCKET}/`)
    })
    .map(({ pid, parent, command }): Finding => {
      const detail = `process ${pid} of ${parent}: ${command.slice(0, 120)}`
      return { video: null, fact: alive.has(parent) ? 'process_left' : 'process_orphaned', detail }
    })
}

/**
 * `<worker>-<pid>-<start>/<task>-<fence>/…`. A living worker has ended all its runs; a dead one's folder is
 * swept when a worker of its name starts again, and may stay until then.
 */
function checkScratch({ config, workers }: CheckedSystem): Finding[] {
  const names = new Set(workers.map((worker) => worker.name))
  const pids = new Set(workers.map((worker) => worker.pid))
  return listed(config.SCRATCH_DIR).flatMap((folder) => {
    const [, name, pid] = /^(.*)-(\d+)-\d+$/.exec(folder) ?? []
    if (name === undefined || !names.has(name)) return []
    const path = join(config.SCRATCH_DIR, folder)
    if (!pids.has(Number(pid))) return left(`${path} outlived its worker`)
    return listed(path).flatMap((run) => left(`${join(path, run)} outlived its run`))
  })
}

function left(detail: string): Finding[] {
  return [{ video: null, fact: 'scratch_left', detail }]
}

type Process = { pid: number; parent: number; cwd: string; command: string }

function readProcesses(): Process[] {
  return listed('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid)) return []
    try {
      // proc(5): the name in brackets may hold anything; state and parent follow it.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return [{ pid, parent, command, cwd: readlinkSync(`/proc/${pid}/cwd`) }]
    } catch {
      return [] // it ended while we looked, or is not ours to look at
    }
  })
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no worker has made it yet
  }
}
