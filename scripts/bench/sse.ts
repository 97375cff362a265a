import { parseArgs } from 'node:util'
import { startBenchSystem } from './bench-system.ts'
import { type Cost, measure } from './sse/measure.ts'
import { checkFileLimit } from './sse/readers-process.ts'
import { type ServerKind, serverKinds } from './sse/servers.ts'
import { measureStopped } from './sse/stopped.ts'
import { createBusyVideo } from './sse/video.ts'
import { markdownTable, median } from './table.ts'

const usage = `Readers of one video's progress at 10 events a second, beside a bare server that writes one shared buffer.

npm run bench:sse -- [--readers 1000,3000] [--seconds 15] [--rounds 5] [--stopped 100] [--stopped-s 50]

Each round measures both servers, fresh, one after the other, the one first that was second before.
--stopped: at the end, half of so many readers take nothing for --stopped-s; 0 leaves that out.`

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '1000,3000' },
    seconds: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '5' },
    stopped: { type: 'string', default: '100' },
    'stopped-s': { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const loads = values.readers.split(',').filter(Boolean).map(Number)
checkFileLimit(Math.max(...loads, Number(values.stopped)))

/** Of the ladder's usual size; and so large that what the system buffers for a connection is soon full. */
const [usualRungs, manyRungs] = [6, 600]

await using system = await startBenchSystem()
await system.api.stop()
if (loads.length > 0) await compare()
if (Number(values.stopped) > 0) await stopAndGo()

async function compare(): Promise<void> {
  await using video = await createBusyVideo(system, usualRungs)
  const rows: string[][] = []
  for (const readers of loads) {
    const costs: { [kind in ServerKind]: Cost[] } = { bare: [], Stepladder: [] }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const kind of round % 2 === 0 ? serverKinds : serverKinds.toReversed()) {
        const seconds = Number(values.seconds)
        const cost = await measure({ system, video, kind, readers, seconds })
        costs[kind].push(cost)
        console.error(`round ${round + 1}, ${readers} readers, ${kind}:`, JSON.stringify(cost))
      }
    }
    rows.push(...serverKinds.map((kind) => row(kind, readers, costs[kind], costs.bare)))
  }
  const head = ['readers', '', 'CPU µs', 'p50 ms', 'p99 ms', 'memory MB', 'of it grown']
  console.log(markdownTable([...head, 'CPU / bare', 'memory / bare', 'grown / bare'], rows))
}

function row(kind: ServerKind, readers: number, costs: readonly Cost[], bare: readonly Cost[]): string[] {
  const middle = (of: (cost: Cost) => number, digits = 0) => median(costs.map(of)).toFixed(digits)
  const ratio = (of: (cost: Cost) => number) =>
    median(costs.map((cost, round) => of(cost) / of(bare[round] ?? cost))).toFixed(2)
  return [
    String(readers),
    kind,
    middle(({ cpuUs }) => cpuUs, 1),
    middle(({ p50Ms }) => p50Ms),
    middle(({ p99Ms }) => p99Ms),
    middle(({ memoryMb }) => memoryMb),
    middle(({ growthMb }) => growthMb),
    ratio(({ cpuUs }) => cpuUs),
    ratio(({ memoryMb }) => memoryMb),
    ratio(({ growthMb }) => growthMb),
  ]
}

async function stopAndGo(): Promise<void> {
  await using video = await createBusyVideo(system, manyRungs)
  const [readers, seconds] = [Number(values.stopped), Number(values['stopped-s'])]
  const rows: string[][] = []
  for (const kind of serverKinds) {
    const { idleMb, memoryMb, published, caughtUp, current, behind } = await measureStopped({
      system,
      video,
      kind,
      readers,
      seconds,
    })
    const memory = [idleMb, ...memoryMb].map((megabytes) => megabytes.toFixed(0)).join(', ')
    const got = caughtUp[0] === caughtUp[1] ? `${caughtUp[0]}` : caughtUp.join(' to ')
    rows.push([kind, memory, `${got} of ${published}`, `${current} of ${current + behind}`])
  }
  console.log(`\n${readers / 2} of ${readers} readers take nothing for ${seconds} s.\n`)
  const head = ['', 'MB: idle, then each fifth of the time', 'events each got afterwards']
  console.log(markdownTable([...head, 'ended at the newest'], rows))
}
