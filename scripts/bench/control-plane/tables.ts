import { markdownTable, median } from '../table.ts'
import type { Busy } from './busy.ts'
import type { Measured, Statement } from './meter.ts'
import type { Throughput } from './throughput.ts'
import type { Urgent } from './urgent.ts'

const shownOfText = 90
/** Statements and commands rarer than this for a task are summed up. */
const rarest = 0.02

export function throughputTable(rows: readonly Throughput[]): string {
  return markdownTable(
    [
      ...['slots', 'tasks/min', 'statements/task', 'server ms/task', 'Redis commands/task'],
      ...['CPU s/1000 tasks: PostgreSQL', 'Redis', 'workers'],
    ],
    rows.map(({ slots, tasks, perMinute, measured }) => [
      String(slots),
      perMinute.toFixed(0),
      (callsOf(measured.statements) / tasks).toFixed(1),
      (measured.activeMs / tasks).toFixed(2),
      (callsOf(measured.redis) / tasks).toFixed(1),
      ...Object.values(measured.cpuS).map((seconds) => ((1000 * seconds) / tasks).toFixed(2)),
    ]),
  )
}

export function busyTable(rows: readonly Busy[]): string {
  return markdownTable(
    ['slots', 'busy', 'chunks/min', 'beats/s', 'cores used: PostgreSQL', 'Redis', 'workers'],
    rows.map(({ slots, share, perMinute, beatsPerS, measured }) => [
      String(slots),
      `${(100 * share).toFixed(1)} %`,
      perMinute.toFixed(0),
      beatsPerS.toFixed(0),
      ...Object.values(measured.cpuS).map((seconds) => (seconds / measured.seconds).toFixed(2)),
    ]),
  )
}

export function statementTable({ tasks, measured }: { tasks: number; measured: Measured }): string {
  const kinds = new Map<string, Statement>()
  for (const { text, calls, ms } of measured.statements) {
    const name =
      calls / tasks < rarest ? 'all others' : `\`${text.slice(0, shownOfText).replaceAll('|', '/')}\``
    const kind = kinds.get(name) ?? { text: name, calls: 0, ms: 0 }
    kinds.set(name, { text: name, calls: kind.calls + calls, ms: kind.ms + ms })
  }
  return markdownTable(
    ['statement', 'calls/task', 'ms/call', 'ms/task'],
    [...kinds.values()].map(({ text, calls, ms }) => [
      text,
      (calls / tasks).toFixed(2),
      Number.isNaN(ms) ? '' : (ms / calls).toFixed(3),
      Number.isNaN(ms) ? '' : (ms / tasks).toFixed(3),
    ]),
  )
}

export function commandTable({ tasks, measured }: { tasks: number; measured: Measured }): string {
  const rows = measured.redis.filter(({ calls }) => calls / tasks >= rarest).sort((a, b) => b.ms - a.ms)
  return markdownTable(
    ['Redis command', 'calls/task', 'ms/call', 'ms/task'],
    rows.map(({ command, calls, ms }) => [
      command.replaceAll('|', ' '),
      (calls / tasks).toFixed(2),
      (ms / calls).toFixed(3),
      (ms / tasks).toFixed(3),
    ]),
  )
}

export function urgentTable(rows: readonly Urgent[]): string {
  const ms = (value: number) => value.toFixed(0)
  return markdownTable(
    ['slots', 'chunk s', 'backlog', 'wait ms: p50', 'p99', 'max', 'after a free slot, ms: p50', 'p99', 'max'],
    rows.map(({ slots, chunkMs, backlog, waitMs, afterFreeMs }) => [
      ...[String(slots), String(chunkMs / 1000), String(backlog)],
      ...[waitMs, afterFreeMs].flatMap(({ p50, p99, max }) => [ms(p50), ms(p99), ms(max)]),
    ]),
  )
}

export type Pair = Record<'empty' | 'history', { throughput: Throughput; urgent: Urgent }>

/** How much the rows of the past change: with them / without them, for each pair. */
export function historyTable(pairs: readonly Pair[]): string {
  const row = (name: string, read: (side: Pair['empty']) => number) => {
    const ratios = pairs.map(({ empty, history }) => read(history) / read(empty))
    return [
      name,
      median(pairs.map(({ empty }) => read(empty))).toFixed(2),
      median(pairs.map(({ history }) => read(history))).toFixed(2),
      median(ratios).toFixed(3),
      ratios.map((ratio) => ratio.toFixed(2)).join(', '),
    ]
  }
  return markdownTable(
    ['', 'without', 'with', 'with / without', 'each pair'],
    [
      row('tasks/min', ({ throughput }) => throughput.perMinute),
      row('statements/task', ({ throughput }) => callsOf(throughput.measured.statements) / throughput.tasks),
      row('server ms/task', ({ throughput }) => throughput.measured.activeMs / throughput.tasks),
      row(
        'PostgreSQL CPU ms/task',
        ({ throughput }) => (1000 * throughput.measured.cpuS.postgres) / throughput.tasks,
      ),
      row('high priority: wait ms, p50', ({ urgent }) => urgent.waitMs.p50),
      row('high priority: wait ms, p99', ({ urgent }) => urgent.waitMs.p99),
    ],
  )
}

export function idleLine(measured: Measured, processes: number): string {
  const perS = (count: number) => (count / measured.seconds / processes).toFixed(1)
  return `Idle: ${perS(callsOf(measured.statements))} statements and ${perS(callsOf(measured.redis))} Redis commands a second for each worker.`
}

function callsOf(rows: readonly { calls: number }[]): number {
  return rows.reduce((sum, row) => sum + row.calls, 0)
}
