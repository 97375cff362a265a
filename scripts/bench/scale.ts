import { parseArgs } from 'node:util'
import { benchClip } from './bench-clip.ts'
import { startBenchSystem } from './bench-system.ts'
import { markdownTable, median } from './table.ts'
import { runJob } from './watch-job.ts'

const usage = `One video on two one-slot workers, each pinned to a core, beside one such worker.

npm run bench:scale -- [--file FILE] [--seconds 120] [--rounds 3]`

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const file = values.file ?? (await benchClip({ seconds: Number(values.seconds), bitrateMbps: null }))
const single: number[] = []
const double: number[] = []

await using system = await startBenchSystem()
for (let round = 0; round < Number(values.rounds); round++) {
  single.push(await wallWith([0]))
  double.push(await wallWith([0, 1]))
  console.error(
    `round ${round + 1}: one worker ${single.at(-1)?.toFixed(1)} s, two ${double.at(-1)?.toFixed(1)} s`,
  )
}
const speedup = median(single.map((wall, round) => wall / (double[round] ?? wall)))
console.log(
  markdownTable(
    ['one-slot workers', 'wall s', 'speed-up'],
    [
      ['1', median(single).toFixed(1), '1.00'],
      ['2', median(double).toFixed(1), speedup.toFixed(2)],
    ],
  ),
)

async function wallWith(cores: readonly number[]): Promise<number> {
  const workers = await Promise.all(
    cores.map((core) => system.startWorker({ name: `core-${core}`, slots: 1, core })),
  )
  const { wallS } = await runJob(system.baseUrl, file)
  await Promise.all(workers.map((worker) => worker.stop()))
  return wallS
}
