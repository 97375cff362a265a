import type { Database } from '../db.ts'
import type { Outcome } from './end-run.ts'
import { runFacts } from './read-timeline.ts'
import type { TaskKind } from './state.ts'

/** One run of one task by one worker. `error` as its end left it; null for a run that goes on or went well. */
export type Run = {
  task_id: number
  task: TaskKind
  position: number
  fence: number
  worker: string
  attempt: number | null
  crashes: number | null
  first_idx: number | null
  started_at: string
  ended_at: string | null
  outcome: Outcome | null
  error: { code: string; message?: string; stderr?: string } | null
}

/** A place among the runs of a video. `startedAt` is text because a JavaScript Date lacks the microseconds. */
export type RunPlace = { startedAt: string; taskId: number; fence: number }

/**
 * The runs of a video, the latest first, also those of tasks that were made anew. `outcomes` null = all of
 * them; `running` stands for none yet. Null when there is no such video.
 */
export async function readRuns(
  sql: Database,
  video: { id: string; owner: string },
  query: { outcomes: readonly (Outcome | 'running')[] | null; after: RunPlace | null; limit: number },
): Promise<{ runs: Run[]; next: RunPlace | null } | null> {
  const { outcomes, after, limit } = query
  const videoId = video.id
  const [own] = await sql`select from videos where id = ${videoId} and owner = ${video.owner}`
  if (!own) return null
  const isWanted = (outcome: ReturnType<typeof runFacts>) =>
    outcomes ? sql`coalesce(${outcome}, 'running') = any(${outcomes as string[]}::text[])` : sql`true`
  // One more than asked for tells whether another page follows.
  const rows = await sql<{ facts: Run; place: string }[]>`
    select facts, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place from (
      select r.started_at as at, t.id as task_id, r.fence, ${runFacts(sql)} as facts
      from tasks t join task_runs r on r.task_id = t.id
      where t.video_id = ${videoId} and ${isWanted(sql`r.outcome`)}
      union all
      select e.at, (e.data ->> 'task_id')::bigint, (e.data ->> 'fence')::bigint, e.data
      from events e
      where e.video_id = ${videoId} and e.kind = 'run' and ${isWanted(sql`e.data ->> 'outcome'`)}
    ) runs
    where ${after ? sql`(at, task_id, fence) < (${after.startedAt}::text::timestamptz, ${after.taskId}, ${after.fence})` : sql`true`}
    order by at desc, task_id desc, fence desc limit ${limit + 1}`
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const next =
    rows.length > limit && last
      ? { startedAt: last.place, taskId: last.facts.task_id, fence: last.facts.fence }
      : null
  return { runs: shown.map(({ facts }) => facts), next }
}
