import { markdownTable } from '../bench/table.ts'
import { holds, type Outcome } from './outcome.ts'

const lost = new Set(['video_lost', 'wrong_status', 'task_left', 'track_unready', 'object_missing'])
const doubled = new Set(['done_twice', 'ended_twice'])
const orphans = new Set([
  'object_unnamed',
  'entry_pending',
  'entry_left',
  'process_orphaned',
  'process_left',
  'scratch_left',
  'upload_open',
])

/** The table as docs/reliability.md shows it. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const head = ['fault', 'run', 'lost', 'doubled', 'orphans', 'measured', 'verdict']
  return markdownTable(
    head,
    outcomes.map((outcome) => [
      outcome.fault,
      `${outcome.runs} times, ${outcome.jobs} jobs`,
      String(videosWith(outcome, lost)),
      String(videosWith(outcome, doubled)),
      String(outcome.findings.filter(({ fact }) => orphans.has(fact)).length),
      outcome.measured,
      verdictOf(outcome),
    ]),
  )
}

/** Several facts about one video count once. */
function videosWith({ findings }: Outcome, facts: ReadonlySet<string>): number {
  return new Set(findings.filter(({ fact }) => facts.has(fact)).map(({ video }) => video)).size
}

function verdictOf(outcome: Outcome): string {
  if (holds(outcome)) return 'holds'
  if (outcome.error !== null) return 'did not end'
  return `fails: ${[...new Set(outcome.findings.map(({ fact }) => fact))].join(', ')}`
}
