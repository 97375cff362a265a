import { parseArgs } from 'node:util'
import { type Busy, measureBusy } from './control-plane/busy.ts'
import { type ControlPlane, type Ground, startControlPlane } from './control-plane/system.ts'
import {
  busyTable,
  commandTable,
  historyTable,
  idleLine,
  type Pair,
  statementTable,
  throughputTable,
  urgentTable,
} from './control-plane/tables.ts'
import { measureIdle, measureThroughput, type Throughput } from './control-plane/throughput.ts'
import { measureUrgent } from './control-plane/urgent.ts'

const usage = `What the control plane costs: real servers, workers and statements, and tasks that encode nothing.

npm run bench:control-plane -- [--only throughput,busy,urgent,history] [--quick] [--slots 50,500,2000] …

throughput: films of 13 tasks that end at once; tasks a minute, statements and CPU time a task.
busy: chunks that last --chunk-s and beat; how much of the slots' time is filled in --busy-s.
urgent: --urgent submissions of high priority behind --backlog tasks, all slots at work for --urgent-chunk-s each.
history: throughput and urgent with --history finished videos in the tables, beside the same without, in pairs.

Ends with 1 when a lease was lost, a task done twice or not at all, or an entry left pending.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'throughput,busy,urgent,history' },
    quick: { type: 'boolean', default: false },
    slots: { type: 'string' },
    'worker-slots': { type: 'string', default: '125' },
    tasks: { type: 'string' },
    'chunk-s': { type: 'string' },
    'busy-s': { type: 'string' },
    urgent: { type: 'string' },
    'urgent-slots': { type: 'string' },
    'urgent-chunk-s': { type: 'string' },
    backlog: { type: 'string' },
    history: { type: 'string' },
    'history-slots': { type: 'string' },
    rounds: { type: 'string' },
    data: { type: 'string', default: '.local/bench' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const quick = values.quick
const number = (text: string | undefined, full: number, short: number) =>
  Number(text ?? (quick ? short : full))
const sizes = {
  slots: (values.slots ?? (quick ? '12' : '50,500,2000')).split(',').map(Number),
  tasks: number(values.tasks, 6000, 65),
  chunkMs: 1000 * number(values['chunk-s'], 10, 5.5),
  busyS: number(values['busy-s'], 30, 6),
  submissions: number(values.urgent, 200, 6),
  urgentSlots: number(values['urgent-slots'], 50, 12),
  urgentChunkMs: 1000 * number(values['urgent-chunk-s'], 2, 0.5),
  backlog: number(values.backlog, 10_000, 200),
  history: number(values.history, 100_000, 500),
  historySlots: number(values['history-slots'], 500, 12),
  rounds: number(values.rounds, 3, 1),
}
const phases = values.only.split(',')

/** As many workers as it takes, and a few at least: that they share the work is part of what is measured. */
function workersFor(slots: number): number {
  return Math.max(quick ? 2 : 4, Math.ceil(slots / Number(values['worker-slots'])))
}

await using plane = await startControlPlane({
  dataDir: values.data,
  history: phases.includes('history') ? sizes.history : 0,
})
if (phases.includes('throughput')) await throughput(plane)
if (phases.includes('busy')) await busy(plane)
if (phases.includes('urgent')) await urgent(plane)
if (phases.includes('history')) await history(plane)

async function throughput(on: ControlPlane): Promise<void> {
  const idlers = { slots: 4, processes: 4 }
  const idle = await measureIdle(on, idlers)
  const rows: Throughput[] = []
  for (const slots of sizes.slots) {
    const row = await measureThroughput(on, {
      ground: 'empty',
      fleet: { slots, processes: workersFor(slots) },
      tasks: sizes.tasks,
    })
    console.error(`throughput, ${slots} slots: ${row.perMinute.toFixed(0)} tasks/min`)
    rows.push(row)
  }
  print('Tasks that end at once', throughputTable(rows))
  const [middle] = rows.slice(Math.floor(rows.length / 2))
  if (middle) {
    print(`Statements, ${middle.slots} slots`, statementTable(middle))
    print(`Redis, ${middle.slots} slots`, commandTable(middle))
  }
  console.log(`${idleLine(idle, idlers.processes)}\n`)
}

async function busy(on: ControlPlane): Promise<void> {
  const rows: Busy[] = []
  for (const slots of sizes.slots) {
    const fleet = { slots, processes: workersFor(slots), chunkMs: sizes.chunkMs }
    const row = await measureBusy(on, { fleet, seconds: sizes.busyS })
    console.error(`busy, ${slots} slots: ${(100 * row.share).toFixed(1)} %`)
    rows.push(row)
  }
  print(`Chunks of ${sizes.chunkMs / 1000} s with heartbeats`, busyTable(rows))
  const last = rows.at(-1)
  if (last) {
    const { measured, perMinute } = last
    const tasks = (perMinute * measured.seconds) / 60
    print(`Statements for a chunk, ${last.slots} slots`, statementTable({ measured, tasks }))
    print(`Redis for a chunk, ${last.slots} slots`, commandTable({ measured, tasks }))
  }
}

async function urgent(on: ControlPlane): Promise<void> {
  print('High priority behind a backlog', urgentTable([await urgentOn(on, 'empty')]))
}

function urgentOn(on: ControlPlane, ground: Ground) {
  const slots = sizes.urgentSlots
  const fleet = { slots, processes: workersFor(slots), chunkMs: sizes.urgentChunkMs }
  return measureUrgent(on, { ground, fleet, backlog: sizes.backlog, submissions: sizes.submissions })
}

async function history(on: ControlPlane): Promise<void> {
  const fleet = { slots: sizes.historySlots, processes: workersFor(sizes.historySlots) }
  const side = async (ground: Ground) => ({
    throughput: await measureThroughput(on, { ground, fleet, tasks: sizes.tasks }),
    urgent: await urgentOn(on, ground),
  })
  const pairs: Pair[] = []
  for (let round = 0; round < sizes.rounds; round++) {
    // The order changes, so that a machine that grows warm or busy favours neither.
    const first = round % 2 === 0 ? 'empty' : 'history'
    const one = await side(first)
    const other = await side(first === 'empty' ? 'history' : 'empty')
    pairs.push(first === 'empty' ? { empty: one, history: other } : { empty: other, history: one })
    console.error(`history, pair ${round + 1} of ${sizes.rounds}`)
  }
  print(`${sizes.history} finished videos in the tables`, historyTable(pairs))
}

function print(title: string, table: string): void {
  console.log(`${title}\n\n${table}\n`)
}
