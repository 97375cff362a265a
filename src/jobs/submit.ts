import { type Database, json } from '../db.ts'
import { type Priority, taskRank } from './state.ts'

export type Submission = {
  id: string
  title: string | null
  priority: Priority
  metadata: Record<string, unknown>
  source: { kind: 'url'; url: string } | { kind: 'key'; key: string; etag: string; bytes: number }
}

/**
 * Transition 1: the video, its first task and its first event in one statement, so in one transaction
 * and one round trip. The row is the outbox: once this returns the job cannot be lost. Returns the
 * first task's id and the row's time; the caller announces a `plan` task and wakes the courier for a `fetch`.
 */
export async function submitVideo(
  sql: Database,
  job: Submission,
): Promise<{ taskId: number; createdAt: Date }> {
  const fromUrl = job.source.kind === 'url'
  const kind = fromUrl ? 'fetch' : 'plan'
  const key = job.source.kind === 'key' ? job.source.key : null
  const etag = job.source.kind === 'key' ? job.source.etag : null
  const bytes = job.source.kind === 'key' ? job.source.bytes : null
  const url = job.source.kind === 'url' ? job.source.url : null
  const [row] = await sql<{ id: number; created_at: Date }[]>`
    with s as (
      insert into sources (key) select ${key}::text where ${key}::text is not null
      -- Locks a row that is there: one deleted in this moment would leave the video without its source.
      on conflict (key) do update set created_at = sources.created_at
    ), v as (
      insert into videos (id, title, priority, source_kind, source_url, source_key, source_etag, source_size_bytes,
                          metadata, event_seq)
      values (${job.id}, ${job.title}, ${job.priority}, ${job.source.kind}, ${url && withoutSecrets(url)}, ${key}, ${etag},
              ${bytes}, ${json(sql, job.metadata)}, 1)
      returning id
    ), e as (
      insert into events (video_id, seq, kind, data)
      values (${job.id}, 1, 'submitted', ${json(sql, { source: job.source.kind, priority: job.priority })})
    )
    insert into tasks (video_id, kind, rank, input)
    select id, ${kind}, ${taskRank(kind, 0)}::int, ${json(sql, url ? { url } : {})} from v
    returning id, created_at`
  if (!row) throw new Error('an insert returned no row')
  return { taskId: row.id, createdAt: row.created_at }
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

/** The API announced the task itself; the dispatcher then leaves it alone. */
export async function markAnnounced(sql: Database, taskId: number, streamId: string): Promise<void> {
  await sql`update tasks set announced_at = now(), stream_id = ${streamId}
            where id = ${taskId} and state = 'queued' and announced_at is null`
}
