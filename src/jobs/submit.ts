import { type Database, json, type Query, sqlState } from '../db.ts'
import { StepladderError } from '../errors.ts'
import type { JobOptions } from '../media/plan/job-options.ts'
import { type Priority, taskRank } from './state.ts'
import { isOver } from './upload-state.ts'

export type Submission = {
  id: string
  owner?: string
  title: string | null
  priority: Priority
  metadata: Record<string, unknown>
  options: JobOptions
  /** Whom to tell of the end, beside the endpoints of the owner. */
  webhookUrl?: string | undefined
  source:
    | { kind: 'url'; url: string; sha256?: string }
    | { kind: 'key'; key: string; etag: string; bytes: number }
}

/**
 * Transition 1: the video, its first task and its first event in one statement, so in one transaction
 * and one round trip. The row is the outbox: once this returns the job cannot be lost. Returns the
 * first task's id and the row's time; the caller announces a `plan` task and wakes the courier for a `fetch`.
 * Throws `source_not_found` for an upload whose time is over and `source_incomplete` for one that is not whole.
 */
export async function submitVideo(sql: Query, job: Submission): Promise<{ taskId: number; createdAt: Date }> {
  const { owner = 'default' } = job
  const fromUrl = job.source.kind === 'url'
  const kind = fromUrl ? 'fetch' : 'plan'
  const key = job.source.kind === 'key' ? job.source.key : null
  const etag = job.source.kind === 'key' ? job.source.etag : null
  const bytes = job.source.kind === 'key' ? job.source.bytes : null
  const url = job.source.kind === 'url' ? job.source.url : null
  const sha256 = job.source.kind === 'url' ? job.source.sha256 : undefined
  const [row] = await sql<{ id: number; created_at: Date }[]>`
    with u as (
      select ${isOver(sql)} as over, size_bytes <> ${bytes}::bigint as incomplete
      from uploads where key = ${key}::text for share
    ), s as (
      insert into sources (key, owner) select ${key}::text, ${owner}
      where ${key}::text is not null and not exists (select from u where over or incomplete)
      on conflict (key) do nothing
    ), v as (
      insert into videos (id, owner, title, priority, source_kind, source_url, source_key, source_etag, source_size_bytes,
                          metadata, options, webhook_url, event_seq)
      select ${job.id}::uuid, ${owner}, ${job.title}, ${job.priority}, ${job.source.kind}, ${url && withoutSecrets(url)}, ${key}, ${etag},
             ${bytes}::bigint, ${json(sql, job.metadata)}::jsonb, ${json(sql, job.options)}::jsonb, ${job.webhookUrl ?? null}, 1
      where not exists (select from u where over or incomplete) or exists (select from sources where key = ${key}::text)
      returning id
    ), e as (
      insert into events (video_id, seq, kind, data)
      select id, 1, 'submitted', ${json(sql, { source: job.source.kind, priority: job.priority })}::jsonb from v
    )
    insert into tasks (video_id, kind, rank, input)
    select id, ${kind}, ${taskRank(kind, 0)}::int, ${json(sql, url ? { url, sha256 } : {})} from v
    returning id, created_at`
  if (!row) throw await whyNot(sql, key)
  return { taskId: row.id, createdAt: row.created_at }
}

async function whyNot(sql: Query, key: string | null): Promise<StepladderError> {
  const [upload] = await sql<
    { over: boolean }[]
  >`select ${isOver(sql)} as over from uploads where key = ${key}`
  // As it will be told once the collector has been there.
  if (upload?.over) return new StepladderError('source_not_found', `the upload of ${key} expired`)
  return new StepladderError(
    'source_incomplete',
    `the object ${key} has not the size that its upload announced`,
  )
}

/**
 * Repeats a submission that lost its source: when the last video of a source is deleted between our look
 * at its row and the check of our foreign key, that check fails (23503). The next attempt makes the row
 * anew, as if we had come after the deletion. To lock the row instead would let submissions of one source
 * commit one at a time.
 */
export async function whileSourcesGo<T>(submit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await submit()
    } catch (error) {
      if (attempt >= 5 || sqlState(error) !== '23503') throw error
    }
  }
}

/** What may be shown of a URL: no user, password, query (signatures live there) or fragment. */
export function withoutSecrets(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url.href
}

/**
 * The API announced the task itself; the dispatcher then leaves it alone. Not if a run has begun
 * meanwhile: a slow API would mark a task that was given back by now, under an entry that is gone, and
 * it would wait for the reconciler.
 */
export async function markAnnounced(sql: Database, taskId: number, streamId: string): Promise<void> {
  await sql`update tasks set announced_at = now(), stream_id = ${streamId}
            where id = ${taskId} and state = 'queued' and announced_at is null and stream_id is null and fence = 0`
}
