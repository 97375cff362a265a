import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { errorClassOf } from '../../src/error-codes.ts'
import type { TestSystem } from '../../test/support/start-system.ts'
import { mutate } from './mutate.ts'
import { createRandom } from './random.ts'
import { makeSeeds } from './seeds.ts'

export type Fed = {
  files: number
  /** Files by how their video ended: `completed`, an error code, or `refused: …` by the API itself. */
  ends: { [end: string]: number }
  /** What must not be, in words; each names the file's number, from which it can be made again. */
  findings: string[]
  /** The longest that one file took, in seconds, and which. */
  slowest: { seconds: number; file: string }
}

/** Settings of a system that is fed: attempts follow at once, and what hangs is found soon. */
export const fuzzEnvironment = {
  RETRY_BASE_MS: '100',
  MAX_ATTEMPTS: '2',
  STALL_MS: '20000',
  COLLECT_MS: '1000',
  KEEP_FAILED_MS: '1000',
  // As it is by default.
  SANDBOX: 'auto',
}

/** How many videos are under way at a time, and how long one may take. */
const atATime = 6
const patienceMs = 240_000

type Feeding = { count: number; seed: number; from?: number; keep?: string; onEnd?: (line: string) => void }

/**
 * Submits mutated media files to a running system and waits for each to end, then looks for what is left:
 * dead workers, programs, tasks, scratch. `keep` is a folder for those files that a finding is about.
 */
export async function feedMutations(system: TestSystem, feeding: Feeding): Promise<Fed> {
  const { count, seed, from = 0, keep, onEnd = () => {} } = feeding
  const seeds = await Promise.all(
    (await makeSeeds()).map(async ({ name, path }) => ({ name, bytes: await readFile(path) })),
  )
  const workersBefore = system.workers()
  const folder = await mkdtemp(join(tmpdir(), 'stepladder-fuzz-'))
  const fed: Fed = { files: 0, ends: {}, findings: [], slowest: { seconds: 0, file: '' } }

  async function feedOne(number: number): Promise<void> {
    // Of a seed of its own, so that one file can be made again without those before it.
    const random = createRandom(seed * 1_000_003 + number)
    const chosen = seeds[random.below(seeds.length)] ?? seeds[0]
    if (!chosen) throw new Error('there are no seeds')
    const { bytes, done } = mutate({ bytes: chosen.bytes, others: seeds.map((one) => one.bytes), random })
    const file = `#${number} (${chosen.name}: ${done})`
    const path = join(folder, String(number))
    await writeFile(path, bytes)
    const startedAt = performance.now()
    const end = await endOf(system, path)
    const seconds = (performance.now() - startedAt) / 1000
    fed.files += 1
    fed.ends[end] = (fed.ends[end] ?? 0) + 1
    if (seconds > fed.slowest.seconds) fed.slowest = { seconds: Math.round(seconds), file }
    const finding = judge(end)
    if (finding) {
      fed.findings.push(`${file}: ${finding}`)
      if (keep) await writeFile(join(keep, `${seed}-${number}`), bytes)
    }
    onEnd(`${file}: ${end}, ${seconds.toFixed(1)} s`)
    await rm(path)
  }

  try {
    const numbers = Array.from({ length: count }, (_, index) => from + index).values()
    const lane = async () => {
      for (const number of numbers) await feedOne(number)
    }
    await Promise.all(Array.from({ length: atATime }, lane))
    fed.findings.push(...(await leftBehind(system, workersBefore)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return fed
}

/** `completed`, the error's code, or what kept it from either. */
async function endOf(system: TestSystem, path: string): Promise<string> {
  let id: string
  try {
    const key = await uploadFile({ baseUrl: system.baseUrl, path })
    id = (await submitJob(system.baseUrl, { source: { key }, title: path })).id
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return `refused: ${code}`
  }
  for (const until = Date.now() + patienceMs; Date.now() < until; ) {
    const [video] = await system.sql<{ status: string; error_code: string | null }[]>`
      select status, error_code from videos where id = ${id}`
    if (video?.status === 'completed') return 'completed'
    if (video?.status === 'failed') return video.error_code ?? 'failed without a code'
    await sleep(100)
  }
  return 'no end'
}

/** What is wrong with an end; null for one that a damaged file may have. */
function judge(end: string): string | null {
  if (end === 'completed' || end === 'refused: empty_source') return null
  if (end === 'no end') return `no end within ${patienceMs / 1000} s`
  if (end.startsWith('refused')) return end
  const kind = errorClassOf(end)
  return kind === 'permanent' || kind === 'transient' ? null : `ended with ${end}, which is of class ${kind}`
}

/** Looks until there is nothing, or for ten seconds: programs and folders go a moment after their video ended. */
async function leftBehind(system: TestSystem, before: readonly { pid: number }[]): Promise<string[]> {
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

async function programsBelow(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return pids.filter((_, index) => folders[index]?.startsWith(`${folder}/`))
}

/** What the workers' own folders hold. */
async function foldersBelow(scratch: string): Promise<string[]> {
  const entries = await readdir(scratch, { recursive: true, withFileTypes: true })
  return entries.filter(({ parentPath }) => parentPath !== scratch).map(({ name }) => name)
}
