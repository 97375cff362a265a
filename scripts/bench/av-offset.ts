import { parseArgs } from 'node:util'
import { syncClips } from './av-offset/clips.ts'
import { measureOffsets, type Offsets } from './av-offset/measure.ts'
import { startBenchSystem } from './bench-system.ts'
import { markdownTable } from './table.ts'
import { runJob } from './watch-job.ts'

const usage = `How far the sound lies from its picture in sources of several kinds, and in what is made of them.

npm run bench:offset -- [--seconds 600]`

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, help: { type: 'boolean', default: false } },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const rows: string[][] = []
await using system = await startBenchSystem()
await system.startWorker({ name: 'worker', slots: navigator.hardwareConcurrency })
for (const { name, path } of await syncClips(Number(values.seconds))) {
  const { video } = await runJob(system.baseUrl, path)
  const source = await measureOffsets(path)
  const made = await measureOffsets(`${system.baseUrl}${video.resolutions[0]?.mp4_url}`)
  const [first, last] = [made.firstMs - source.firstMs, made.lastMs - source.lastMs]
  rows.push([name, inWords(source), inWords(made), inWords({ firstMs: first, lastMs: last })])
  console.error(rows.at(-1)?.join(' '))
}
const head = ['source', 'in the source, ms', 'in the result, ms', 'changed by, ms']
console.log(markdownTable(head, rows))

/** At the first and at the last flash, to a tenth of a millisecond. */
function inWords({ firstMs, lastMs }: Offsets): string {
  // Adding 0 turns -0 into 0.
  return [firstMs, lastMs].map((value) => (Math.round(value * 10) / 10 + 0).toFixed(1)).join(' / ')
}
