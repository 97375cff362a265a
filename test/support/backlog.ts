import type { Database } from '../../src/db.ts'

type Backlog = {
  videos: number
  tasksEach?: number
  owner?: string
  priority?: 'high' | 'normal' | 'low'
  /** `completed`: the videos and all their tasks are over. */
  status?: 'queued' | 'processing' | 'completed'
}

/** Many videos at once, each a second younger than the one before, with their tasks waiting. */
export async function insertBacklog(sql: Database, backlog: Backlog): Promise<void> {
  const { videos, tasksEach = 1, owner = 'default', priority = 'normal', status = 'processing' } = backlog
  await sql`
    with v as (
      insert into videos (id, owner, priority, status, source_kind, created_at)
      select gen_random_uuid(), ${owner}, ${priority}, ${status}, 'key', now() - interval '1 s' * (${videos}::int - n)
      from generate_series(1, ${videos}::int) n returning id, created_at
    )
    insert into tasks (video_id, kind, position, rank, state)
    select id, 'video', n, n, ${status === 'completed' ? 'done' : 'queued'}
    from v, generate_series(1, ${tasksEach}::int) n order by created_at, n`
  await sql`analyze videos`
  await sql`analyze tasks`
}
