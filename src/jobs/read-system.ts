import type { Database } from '../db.ts'
import type { Priority, TaskKind } from './state.ts'
import { isSeen } from './workers.ts'

/** A worker heard of in the last half minute, and what it has in hand. */
type SystemWorker = {
  id: string
  host: string
  version: string
  build: string
  slots: number
  draining: boolean
  paused_for: string[]
  paused_since: Date | null
  started_at: Date
  tasks: { video_id: string; title: string | null; kind: TaskKind; position: number; started_at: string }[]
}

/** Tasks and videos of one priority; counts stop at 10,000. */
type SystemQueue = {
  priority: Priority
  videos_queued: number
  tasks_waiting: number
  tasks_running: number
  oldest_queued_at: Date | null
}

export type SystemOverview = {
  workers: SystemWorker[]
  queue: SystemQueue[]
  /** Of the last day, the most frequent first. */
  failures: { code: string; videos: number; latest_at: Date }[]
  /** Twelve times five minutes, the oldest first; `source_s` = seconds of film that were completed. */
  throughput: { from: Date; completed: number; failed: number; source_s: number }[]
}

const mostCounted = 10_000

/** Who works on what, what waits, and how it went lately. */
export async function readSystem(sql: Database): Promise<SystemOverview> {
  const [workers, queue, failures, throughput] = await Promise.all([
    readWorkers(sql),
    readQueue(sql),
    readFailures(sql),
    readThroughput(sql),
  ])
  return { workers, queue, failures, throughput }
}

async function readWorkers(sql: Database): Promise<SystemWorker[]> {
  return sql<SystemWorker[]>`
    select w.id, w.host, w.version, w.build, w.slots, w.draining, w.paused_for, w.paused_since, w.started_at,
      coalesce((
        select json_agg(json_build_object('video_id', v.id, 'title', v.title, 'kind', t.kind, 'position', t.position,
                                          'started_at', r.started_at) order by r.started_at)
        from tasks t join videos v on v.id = t.video_id join task_runs r on r.task_id = t.id and r.fence = t.fence
        where t.state = 'running' and t.worker_id = w.id), '[]') as tasks
    from workers w where ${isSeen(sql)} order by w.host, w.started_at, w.id`
}

async function readQueue(sql: Database): Promise<SystemQueue[]> {
  return sql<SystemQueue[]>`
    select p.name as priority,
      (select count(*)::int from (
        select from videos where status = 'queued' and priority = p.name limit ${mostCounted}) q) as videos_queued,
      (select count(*)::int from (
        select from tasks where state = 'queued' and priority = p.class limit ${mostCounted}) q) as tasks_waiting,
      (select count(*)::int from tasks where state = 'running' and priority = p.class) as tasks_running,
      (select min(created_at) from videos where status = 'queued' and priority = p.name) as oldest_queued_at
    from (values ('high', 0), ('normal', 1), ('low', 2)) as p (name, class) order by p.class`
}

async function readFailures(sql: Database): Promise<SystemOverview['failures']> {
  return sql<SystemOverview['failures']>`
    select coalesce(error_code, 'unknown') as code, count(*)::int as videos, max(completed_at) as latest_at
    from videos where status = 'failed' and completed_at > now() - interval '1 day'
    group by 1 order by 2 desc, 1`
}

async function readThroughput(sql: Database): Promise<SystemOverview['throughput']> {
  return sql<SystemOverview['throughput']>`
    with slot as (
      select generate_series(date_bin('5 min', now(), 'epoch') - interval '55 min',
                             date_bin('5 min', now(), 'epoch'), '5 min') as "from")
    select s."from", count(*) filter (where v.status = 'completed')::int as completed,
      count(*) filter (where v.status = 'failed')::int as failed,
      coalesce(sum((v.media ->> 'duration_s')::float8) filter (where v.status = 'completed'), 0)::float8 as source_s
    from slot s left join videos v
      on v.completed_at >= s."from" and v.completed_at < s."from" + interval '5 min'
    group by 1 order by 1`
}
