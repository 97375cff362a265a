import { parseArgs } from 'node:util'
import { z } from 'zod'
import { planSchema } from '../../src/media/model.ts'
import { benchClip } from './bench-clip.ts'
import { startBenchSystem } from './bench-system.ts'
import { cpuSeconds, ownCpuSeconds, watchMemory } from './cpu.ts'
import { bareArgs, type Cost, measureFfmpeg, sequenceArgs } from './peers.ts'
import { markdownTable, median } from './table.ts'
import { runJob } from './watch-job.ts'

const usage = `Stepladder (one worker, all cores) beside a bare ffmpeg that writes the same ladder, and one ffmpeg a rung.

npm run bench:transcode -- [--file FILE] [--seconds 120] [--mbps N] [--rounds 3] [--no-sequence]`

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    mbps: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'no-sequence': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const file =
  values.file ??
  (await benchClip({
    seconds: Number(values.seconds),
    bitrateMbps: values.mbps ? Number(values.mbps) : null,
  }))
const folder = '.local/bench/peers'
const ours: (Cost & {
  firstPlayableS: number
  memory: { own: number; resident: number }
  nodeCpuS: number
})[] = []
const bare: Cost[] = []
const sequence: Cost[] = []

await using system = await startBenchSystem()
for (let round = 0; round < Number(values.rounds); round++) {
  // A fresh worker each round, so that its peak memory is this job's.
  const worker = await system.startWorker({ name: `worker-${round}`, slots: navigator.hardwareConcurrency })
  const [cpu, own] = [cpuSeconds(worker.pid), ownCpuSeconds(worker.pid)]
  const memory = watchMemory(worker.pid)
  const job = await runJob(system.baseUrl, file)
  const mine = {
    wallS: job.wallS,
    cpuS: cpuSeconds(worker.pid) - cpu,
    nodeCpuS: ownCpuSeconds(worker.pid) - own,
    firstPlayableS: job.firstPlayableS,
    memory: memory(),
  }
  ours.push(mine)
  await worker.stop()
  const plan = planSchema.parse(z.looseObject({ plan: z.unknown() }).parse(job.video).plan).video
  if (!plan) throw new Error('this benchmark needs a file with a picture')
  bare.push(await measureFfmpeg(folder, [bareArgs(file, folder, plan)]))
  if (!values['no-sequence']) sequence.push(await measureFfmpeg(folder, sequenceArgs(file, folder, plan)))
  console.error(
    `round ${round + 1}:`,
    JSON.stringify({ ours: mine, bare: bare.at(-1), sequence: sequence.at(-1) }),
  )
}

const row = (name: string, costs: readonly Cost[]) => [
  name,
  median(costs.map(({ wallS }) => wallS)).toFixed(1),
  median(costs.map(({ cpuS }) => cpuS)).toFixed(1),
  ratio(costs, ({ wallS }) => wallS),
  ratio(costs, ({ cpuS }) => cpuS),
]
const rows = [row('Stepladder, 1 worker', ours), row('bare ffmpeg', bare)]
if (sequence.length > 0) rows.push(row('one ffmpeg a rung', sequence))
console.log(markdownTable(['', 'wall s', 'CPU s', 'wall / bare', 'CPU / bare'], rows))
console.log(`
first playable segment: ${median(ours.map((one) => one.firstPlayableS)).toFixed(1)} s after submit
worker's own memory: ${Math.max(...ours.map((one) => one.memory.own)).toFixed(0)} MB at most (${Math.max(...ours.map((one) => one.memory.resident)).toFixed(0)} MB resident with Node's program file); its own CPU: ${median(ours.map((one) => one.nodeCpuS)).toFixed(1)} s`)

/** The median of the rounds' ratios: each pair was measured side by side. */
function ratio(costs: readonly Cost[], of: (cost: Cost) => number): string {
  return median(costs.map((cost, round) => of(cost) / of(bare[round] ?? cost))).toFixed(3)
}
