import { readdir, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestSystem } from '../../test/support/start-system.ts'

/** Looks until there is nothing, or for ten seconds: programs and folders go a moment after their video ended. */
export async function leftBehind(system: TestSystem, before: readonly { pid: number }[]): Promise<string[]> {
  const scratch = system.config.SCRATCH_DIR
  let left: string[] = []
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(200)) {
    const living = new Set(system.workers().map(({ pid }) => pid))
    const [tasks] = await system.sql<{ count: number }[]>`
      select count(*)::int as count from tasks where state in ('queued', 'running')`
    left = [
      ...before.filter(({ pid }) => !living.has(pid)).map(({ pid }) => `worker ${pid} is gone`),
      ...((tasks?.count ?? 0) > 0 ? [`${tasks?.count} tasks are not over`] : []),
      ...(await programsBelow(scratch)).map((pid) => `process ${pid} still works in scratch`),
      ...(await foldersBelow(scratch)).map((name) => `scratch still holds ${name}`),
    ]
    if (left.length === 0) break
  }
  return left
}

/** Ids of the processes that work in a folder below this one. */
export async function programsBelow(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return pids.filter((_, index) => folders[index]?.startsWith(`${folder}/`))
}

/** What the workers' own folders hold. */
async function foldersBelow(scratch: string): Promise<string[]> {
  const entries = await readdir(scratch, { recursive: true, withFileTypes: true })
  return entries.filter(({ parentPath }) => parentPath !== scratch).map(({ name }) => name)
}
