import type { Database } from '../db.ts'
import { FencedError } from '../errors.ts'
import { type JobOptions, jobOptionsSchema } from '../media/plan/job-options.ts'
import type { Owned, TaskKind } from './state.ts'

/** A task in our hands: its row and what of the video every kind needs. */
export type ClaimedTask = Owned & {
  kind: TaskKind
  position: number
  attempt: number
  crashes: number
  input: unknown
  generation: number
  plan: unknown
  options: JobOptions
  sourceKey: string | null
  sourceEtag: string | null
  sourceBytes: number | null
}

export type ClaimRow = {
  id: number
  video_id: string
  fence: number
  kind: TaskKind
  position: number
  attempt: number
  crashes: number
  input: unknown
  generation: number
  plan: unknown
  options: unknown
  source_key: string | null
  source_etag: string | null
  source_size_bytes: number | null
}

export type Claimer = { workerId: string; leaseMs: number }

/**
 * Transition 4: queued → running under the entry `entryId`, with a higher fence. Null when the task
 * is not waiting; `lookAgain` then tells what the entry is worth. A terminal video has no queued
 * task, so `videos` is not asked.
 */
export async function claimTask(
  sql: Database,
  claim: Claimer & { taskId: number; entryId: string },
): Promise<ClaimedTask | null> {
  const rows = await sql<ClaimRow[]>`
    with t as (
      update tasks set state = 'running', fence = fence + 1, worker_id = ${claim.workerId}, stream_id = ${claim.entryId},
             lease_until = clock_timestamp() + ${claim.leaseMs} * interval '1 ms'
      where id = ${claim.taskId} and state = 'queued' and run_at <= now()
      returning *
    ), r as (
      insert into task_runs (task_id, fence, worker_id, attempt, crashes)
      select id, fence, worker_id, attempt, crashes from t
    )
    select ${claimColumns(sql)}
    from t join videos v on v.id = t.video_id`
  return rows[0] ? claimedTask(rows[0]) : null
}

/**
 * After a claim that met no row: `adopted` = it runs under this very entry and by this very process
 * (our commit's answer was lost); `leave` = somebody runs it under this entry; `drop` = the entry is
 * of no use.
 */
export async function lookAgain(
  sql: Database,
  claim: { workerId: string; taskId: number; entryId: string },
): Promise<{ verdict: 'adopted'; task: ClaimedTask } | { verdict: 'leave' | 'drop' }> {
  const rows = await sql<(ClaimRow & { worker_id: string | null })[]>`
    select ${claimColumns(sql)}, t.worker_id
    from tasks t join videos v on v.id = t.video_id
    where t.id = ${claim.taskId} and t.state = 'running' and t.stream_id = ${claim.entryId}`
  const [row] = rows
  if (!row) return { verdict: 'drop' }
  if (row.worker_id !== claim.workerId) return { verdict: 'leave' }
  return { verdict: 'adopted', task: claimedTask(row) }
}

/** Whether the task runs under this entry, whoever runs it: then the entry is still of use. */
export async function isHeld(sql: Database, hint: { taskId: number; entryId: string }): Promise<boolean> {
  const rows = await sql`
    select from tasks where id = ${hint.taskId} and state = 'running' and stream_id = ${hint.entryId}`
  return rows.length > 0
}

/**
 * How many segments a task already has, committed in order: where this run begins, which its log line
 * notes. In a statement after the claim and under the fence, for in the same one it would see the
 * snapshot from before the wait. Throws FencedError when the task is not ours.
 */
export async function findResumePoint(sql: Database, owned: Owned): Promise<number> {
  const [row] = await sql<{ segments: number }[]>`
    with found as (
      select count(s.idx)::int as segments
      from tasks t left join segments s on s.task_id = t.id
      where t.id = ${owned.taskId} and t.fence = ${owned.fence} and t.state = 'running'
      group by t.id
    ), noted as (
      update task_runs set first_idx = found.segments from found
      where task_id = ${owned.taskId} and fence = ${owned.fence}
    )
    select segments from found`
  if (!row) throw new FencedError()
  return row.segments
}

/** What `ClaimRow` needs of a task `t` and its video `v`. */
export function claimColumns(sql: Database) {
  return sql`t.id, t.video_id, t.fence, t.kind, t.position, t.attempt, t.crashes, t.input,
             v.generation, v.plan, v.options, v.source_key, v.source_etag, v.source_size_bytes`
}

export function claimedTask(row: ClaimRow): ClaimedTask {
  return {
    taskId: row.id,
    videoId: row.video_id,
    fence: row.fence,
    kind: row.kind,
    position: row.position,
    attempt: row.attempt,
    crashes: row.crashes,
    input: row.input,
    generation: row.generation,
    plan: row.plan,
    options: jobOptionsSchema.parse(row.options),
    sourceKey: row.source_key,
    sourceEtag: row.source_etag,
    sourceBytes: row.source_size_bytes,
  }
}
