import type { Database } from '../../../src/db.ts'
import type { Outcome } from '../../../src/jobs/end-run.ts'
import type { Acknowledged, Finding } from './finding.ts'

type Run = { fence: number; first_idx: number | null; outcome: Outcome | null; started_at: string }
type TaskRow = {
  id: number
  video_id: string
  kind: string
  position: number
  state: string
  attempt: number
  crashes: number
  fence: number
  /** Committed and still kept. */
  segments: number
  /** In the order of their fences. */
  runs: Run[]
  /** When a person retried the video. */
  retried: string[]
}

/**
 * Each task ended at most once, and its counters say what its runs say: an attempt for each `retried`
 * run, a crash for each `lost` one since the last committed segment; drains and outages cost nothing.
 */
export async function checkAttempts(
  sql: Database,
  acknowledged: readonly Acknowledged[],
): Promise<Finding[]> {
  const tasks = await sql<TaskRow[]>`
    select t.id, t.video_id, t.kind, t.position, t.state, t.attempt, t.crashes, t.fence,
           (select count(*)::int from segments s where s.task_id = t.id) as segments,
           (select coalesce(jsonb_agg(to_jsonb(r) order by r.fence), '[]') from task_runs r where r.task_id = t.id) as runs,
           array(select to_jsonb(e.at) #>> '{}' from events e
                 where e.video_id = t.video_id and e.kind = 'retried' order by e.seq) as retried
    from tasks t where t.video_id = any(${acknowledged.map((one) => one.videoId)}::uuid[]) order by t.id`
  return tasks.flatMap(checkTask)
}

function checkTask(task: TaskRow): Finding[] {
  const runs = runsOfThisLife(task)
  const found: Finding[] = []
  const add = (fact: Finding['fact'], detail: string) => {
    const story = runs.map((run) => `f${run.fence} ${run.outcome ?? 'open'}`).join(', ')
    const name = `task ${task.id} (${task.kind} ${task.position}, ${task.state})`
    found.push({ video: task.video_id, fact, detail: `${name}: ${detail}; runs: ${story || 'none'}` })
  }
  const done = runs.filter((run) => run.outcome === 'done').length
  if (done > 1) add('done_twice', `${done} runs ended it`)
  if (task.state === 'done' && done === 0) add('runs_wrong', 'no run ended it')
  if (task.state !== 'running' && runs.some((run) => run.outcome === null)) add('runs_wrong', 'a run is open')
  if (runs.some((run) => run.fence > task.fence)) add('runs_wrong', `its fence is ${task.fence}`)
  const attempts = runs.filter((run) => run.outcome === 'retried').length
  if (task.attempt !== attempts) add('attempts_wrong', `attempt is ${task.attempt}, not ${attempts}`)
  const crashes = possibleCrashes(task, runs)
  if (!crashes.has(task.crashes)) add('crashes_wrong', `crashes is ${task.crashes}, not ${[...crashes]}`)
  return found
}

/** A retry sets the counters of a task to 0, unless the task was done and is left as it is. */
function runsOfThisLife(task: TaskRow): Run[] {
  const last = task.runs.at(-1)
  const resets = task.retried
    .map((at) => Date.parse(at))
    .filter((at) => task.state !== 'done' || (last && at <= Date.parse(last.started_at)))
  const since = Math.max(Number.NEGATIVE_INFINITY, ...resets)
  return task.runs.filter((run) => Date.parse(run.started_at) >= since)
}

/** More than one where the segments that would tell whether the last run made progress are gone. */
function possibleCrashes(task: TaskRow, runs: readonly Run[]): Set<number> {
  let possible = [0]
  for (const [index, run] of runs.entries()) {
    const committed = hasCommitted({ task, run, later: runs.slice(index + 1) })
    if (committed === 'yes') possible = [0]
    if (committed === 'unknown') possible = [0, ...possible]
    if (run.outcome === 'lost') possible = possible.map((crashes) => crashes + 1)
  }
  return new Set(possible)
}

/** Whether a run committed a segment by itself, which clears `crashes`. The last segment goes in with `done` and does not. */
function hasCommitted(options: { task: TaskRow; run: Run; later: readonly Run[] }): 'yes' | 'no' | 'unknown' {
  const { task, run, later } = options
  if (run.first_idx === null) return 'no'
  const next = later.find((other) => other.first_idx !== null)?.first_idx
  if (next !== undefined && next !== null) return next > run.first_idx ? 'yes' : 'no'
  if (task.segments === 0) return 'unknown'
  return task.segments - (task.state === 'done' ? 1 : 0) > run.first_idx ? 'yes' : 'no'
}
