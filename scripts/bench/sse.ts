import { fork } from 'node:child_process'
import { randomUUIDv7 } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { createDatabase } from '../../src/db.ts'
import { createLog } from '../../src/log.ts'
import { createProgress } from '../../src/progress/report.ts'
import { createRedis, redisNames } from '../../src/redis.ts'
import { choosePort } from '../stack/ports.ts'
import { untilItAnswers } from '../stack/ready.ts'
import { startBenchSystem } from './bench-system.ts'
import { ownCpuSeconds, watchMemory } from './cpu.ts'
import { markdownTable, median } from './table.ts'

const usage = `Readers of one video's progress at 10 events a second, beside a bare server that writes one shared buffer.

npm run bench:sse -- [--readers 1000,3000] [--starved 500] [--seconds 20] [--rounds 3]

--starved: so many of the readers take nothing, in a last round of its own.`

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '1000,3000' },
    starved: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const everyMs = 100
let units = 0
const reportSchema = z.object({ events: z.number(), p50Ms: z.number(), p99Ms: z.number() })
type Cost = { cpuUs: number; p99Ms: number; memoryMb: number; events: number }

await using system = await startBenchSystem()
const { REDIS_URL = '', REDIS_PREFIX = '', DATABASE_URL = '' } = system.stack.environment
const sql = createDatabase({ url: DATABASE_URL, name: 'bench', max: 1 })
const redis = createRedis({ url: REDIS_URL, role: 'patient', log: createLog('bench', 'warn') })
const progress = createProgress(redis, redisNames(REDIS_PREFIX))
const videoId = await makeVideo()
const log = '.local/bench/logs/sse-bare.log'

const rows: string[][] = []
for (const readers of values.readers.split(',').map(Number)) {
  const costs: { ours: Cost[]; bare: Cost[] } = { ours: [], bare: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    costs.bare.push(await measureBare({ readers, starved: 0 }))
    costs.ours.push(
      await measure(`${system.baseUrl}/progress/${videoId}`, system.api.pid, { readers, starved: 0 }),
    )
    console.error(
      `${readers} readers, round ${round + 1}:`,
      JSON.stringify({ ours: costs.ours.at(-1), bare: costs.bare.at(-1) }),
    )
  }
  rows.push(row('bare', readers, costs.bare, costs.bare), row('Stepladder', readers, costs.ours, costs.bare))
}
console.log(
  markdownTable(
    ['', 'readers', 'events', 'CPU µs each', 'p99 ms', 'memory MB', 'CPU / bare', 'memory / bare'],
    rows,
  ),
)

const starved = Number(values.starved)
if (starved > 0) {
  const load = { readers: 2 * starved, starved }
  const bare = await measureBare(load)
  const ours = await measure(`${system.baseUrl}/progress/${videoId}`, system.api.pid, load)
  console.log(`
${starved} of ${load.readers} readers take nothing: ${ours.memoryMb.toFixed(0)} MB, p99 of the others ${ours.p99Ms.toFixed(0)} ms; bare ${bare.memoryMb.toFixed(0)} MB, ${bare.p99Ms.toFixed(0)} ms`)
}
redis.disconnect()
await sql.end()

async function measureBare(load: { readers: number; starved: number }): Promise<Cost> {
  const port = await choosePort(8290)
  const server = system.stack.processes.start({
    name: 'sse-bare',
    command: process.execPath,
    args: [join(import.meta.dirname, 'sse-bare.ts')],
    environment: { ...process.env, ...system.stack.environment, PORT: String(port) },
    output: log,
  })
  const url = `http://127.0.0.1:${port}/`
  const probe = async () => void (await fetch(url)).body?.cancel()
  await untilItAnswers({ name: 'the bare server', probe, process: server, logFile: log })
  try {
    return await measure(url, server.pid, load)
  } finally {
    await server.stop()
  }
}

/** Opens the readers, lets things settle, then counts for `--seconds`. Memory is what the server holds alone, at most. */
async function measure(url: string, pid: number, load: { readers: number; starved: number }): Promise<Cost> {
  const clients = fork(join(import.meta.dirname, 'sse-clients.ts'), [
    url,
    String(load.readers),
    String(load.starved),
  ])
  try {
    await once(clients, 'message')
    await publish(2)
    clients.send('reset')
    const [cpu, memory] = [ownCpuSeconds(pid), watchMemory(pid)]
    await publish(Number(values.seconds))
    await sleep(500)
    const cpuS = ownCpuSeconds(pid) - cpu
    clients.send('report')
    const [answer] = await once(clients, 'message')
    const { events, p99Ms } = reportSchema.parse(answer)
    return { cpuUs: (cpuS / events) * 1e6, p99Ms, memoryMb: memory().own, events }
  } finally {
    clients.kill()
    await once(clients, 'exit')
  }
}

async function publish(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (let due = performance.now(); due < end; due += everyMs) {
    units += 1
    await progress.task(videoId, { task: 1, fence: 1, units, state: 'running' })
    await sleep(Math.max(0, due + everyMs - performance.now()))
  }
}

/** A video in the middle of its work, of which no worker knows. */
async function makeVideo(): Promise<string> {
  const id = randomUUIDv7()
  await sql`insert into videos (id, status, source_kind, source_url, tasks_total)
            values (${id}, 'processing', 'url', 'http://example.org/film', 4)`
  const rungs = ['1080p', '720p', '480p', '360p', '240p', '144p'].map((name) => ({
    name,
    segments: 0,
    bytes: 0,
  }))
  const counts = { chunks_total: 4, chunks_done: 0, pack_total: 6, pack_done: 0 }
  const measured = { total: 10_000_000, units_per_s: 30, frames_shown: true }
  const tasks = [{ id: 1, fence: 1, units: 0, state: 'idle' as const }]
  await progress.seed(id, {
    generation: 1,
    status: 'processing',
    stage: 'encoding',
    ...measured,
    ...counts,
    rungs,
    tasks,
  })
  return id
}

function row(name: string, readers: number, costs: readonly Cost[], bare: readonly Cost[]): string[] {
  const middle = (of: (cost: Cost) => number) => median(costs.map(of))
  const ratio = (of: (cost: Cost) => number) =>
    median(costs.map((cost, round) => of(cost) / of(bare[round] ?? cost))).toFixed(2)
  return [
    name,
    String(readers),
    String(middle(({ events }) => events)),
    middle(({ cpuUs }) => cpuUs).toFixed(1),
    middle(({ p99Ms }) => p99Ms).toFixed(0),
    middle(({ memoryMb }) => memoryMb).toFixed(0),
    ratio(({ cpuUs }) => cpuUs),
    ratio(({ memoryMb }) => memoryMb),
  ]
}
