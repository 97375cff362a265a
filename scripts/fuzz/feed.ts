import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { errorClassOf } from '../../src/error-codes.ts'
import type { TestSystem } from '../../test/support/start-system.ts'
import { leftBehind } from './left-behind.ts'
import { mutate } from './mutate.ts'
import { type Peak, watchMemory } from './peak-memory.ts'
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
  peakMiB: Peak
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
  const fed: Fed = {
    files: 0,
    ends: {},
    findings: [],
    slowest: { seconds: 0, file: '' },
    peakMiB: { worker: 0, program: 0 },
  }
  const memory = watchMemory(system)

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
    const { end, said } = await endOf(system, path)
    const seconds = (performance.now() - startedAt) / 1000
    fed.files += 1
    fed.ends[end] = (fed.ends[end] ?? 0) + 1
    if (seconds > fed.slowest.seconds) fed.slowest = { seconds: Math.round(seconds), file }
    const finding = judge(end)
    if (finding) {
      fed.findings.push([`${file}: ${finding}`, ...said].join('\n  '))
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
    fed.peakMiB = await memory.end()
    await rm(folder, { recursive: true, force: true })
  }
  return fed
}

/** `completed`, the error's code, or what kept it from either; and the last words of the program that failed. */
async function endOf(system: TestSystem, path: string): Promise<{ end: string; said: string[] }> {
  let id: string
  try {
    const key = await uploadFile({ baseUrl: system.baseUrl, path })
    id = (await submitJob(system.baseUrl, { source: { key }, title: path })).id
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { end: `refused: ${code}`, said: [] }
  }
  for (const until = Date.now() + patienceMs; Date.now() < until; ) {
    const [video] = await system.sql<{ status: string; error_code: string | null }[]>`
      select status, error_code from videos where id = ${id}`
    if (video?.status === 'completed') return { end: 'completed', said: [] }
    if (video?.status === 'failed') {
      return { end: video.error_code ?? 'failed without a code', said: await lastWords(system, id) }
    }
    await sleep(100)
  }
  return { end: 'no end', said: [] }
}

async function lastWords(system: TestSystem, id: string): Promise<string[]> {
  const tasks = await system.sql<{ kind: string; message: string | null; stderr: string | null }[]>`
    select kind, error ->> 'message' as message, error ->> 'stderr' as stderr
    from tasks where video_id = ${id} and state = 'failed'`
  return tasks.flatMap(({ kind, message, stderr }) => [
    `${kind}: ${message}`,
    ...(stderr ?? '').split('\n').slice(-12),
  ])
}

/** What a file alone may do to a program that reads it. All else of its class tells of the surroundings. */
const ofTheFile = new Set(['ffmpeg_crashed', 'ffmpeg_over_limit', 'ffmpeg_stalled', 'out_of_memory'])

/** What is wrong with an end; null for one that a damaged file may have. */
function judge(end: string): string | null {
  if (end === 'completed' || end === 'refused: empty_source') return null
  if (end === 'no end') return `no end within ${patienceMs / 1000} s`
  if (end.startsWith('refused')) return end
  const kind = errorClassOf(end)
  return kind === 'permanent' || ofTheFile.has(end) ? null : `ended with ${end}, which is of class ${kind}`
}
