import type { Database } from '../db.ts'
import { aboutCode } from '../error-codes.ts'
import type { Priority, TaskKind } from './state.ts'
import { isSeen } from './workers.ts'

/** A task in hand: whose it is, and since when. */
type TaskInHand = {
  video_id: string
  title: string | null
  kind: TaskKind
  position: number
  attempt: number
  started_at: string
}

/** A worker, and what it has in hand. */
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
  seen_at: Date
  tasks: TaskInHand[]
}

/** Sources that are fetched from their addresses, by however many couriers there are. */
type SystemCourier = {
  /** Stops at 10,000. */
  waiting: number
  oldest_waiting_at: Date | null
  fetching: { video_id: string; title: string | null; started_at: string }[]
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
  /** When this was read, by the clock of the database, as all times here. */
  at: Date
  /** Heard of in the last half minute. */
  workers: SystemWorker[]
  /** Heard of in the last hour, but not in the last half minute: they died, or do not reach the database. */
  silent_workers: SystemWorker[]
  courier: SystemCourier
  queue: SystemQueue[]
  /** Of the last day, the most frequent first; `about` says what the code means, null for one we do not know. */
  failures: { code: string; about: string | null; videos: number; latest_at: Date }[]
  /** Twelve times five minutes, the oldest first; `source_s` = seconds of film that were completed. */
  throughput: { from: Date; completed: number; failed: number; source_s: number }[]
}

const mostCounted = 10_000

/** Who works on what, what waits, and how it went lately. */
export async function readSystem(sql: Database): Promise<SystemOverview> {
  const [workers, courier, queue, failures, throughput] = await Promise.all([
    readWorkers(sql),
    readCourier(sql),
    readQueue(sql),
    readFailures(sql),
    readThroughput(sql),
  ])
  return { ...courier, ...workers, queue, failures, throughput }
}

async function readWorkers(sql: Database): Promise<Pick<SystemOverview, 'workers' | 'silent_workers'>> {
  const rows = await sql<(SystemWorker & { seen: boolean })[]>`
    with running as materialized (
      select id, fence, worker_id, video_id, kind, position, attempt from tasks where state = 'running'),
    hand as (
      select t.worker_id, json_agg(json_build_object('video_id', v.id, 'title', v.title, 'kind', t.kind,
          'position', t.position, 'attempt', t.attempt, 'started_at', r.started_at) order by r.started_at) as tasks
      from running t join videos v on v.id = t.video_id join task_runs r on r.task_id = t.id and r.fence = t.fence
      group by t.worker_id)
    select w.id, w.host, w.version, w.build, w.slots, w.draining, w.paused_for, w.paused_since, w.started_at,
      w.seen_at, ${isSeen(sql)} as seen, coalesce(h.tasks, '[]') as tasks
    from workers w left join hand h on h.worker_id = w.id
    where w.seen_at > now() - interval '1 hour' order by w.host, w.started_at, w.id`
  const those = (wanted: boolean) => rows.flatMap(({ seen, ...worker }) => (seen === wanted ? [worker] : []))
  return { workers: those(true), silent_workers: those(false) }
}

async function readCourier(sql: Database): Promise<{ at: Date; courier: SystemCourier }> {
  const rows = await sql<(SystemCourier & { at: Date })[]>`
    select now() as at, q.waiting, q.oldest_waiting_at, coalesce((
        select json_agg(json_build_object('video_id', v.id, 'title', v.title, 'started_at', r.started_at)
                        order by r.started_at)
        from tasks t join videos v on v.id = t.video_id join task_runs r on r.task_id = t.id and r.fence = t.fence
        where t.state = 'running' and t.kind = 'fetch'), '[]') as fetching
    from (select count(*)::int as waiting, min(created_at) as oldest_waiting_at from (
      select created_at from tasks where state = 'queued' and kind = 'fetch' limit ${mostCounted}) f) q`
  const [row] = rows
  if (!row) throw new Error('a count without a row')
  const { at, ...courier } = row
  return { at, courier }
}

/** Each count in the order of the index that holds it: without that the planner may read the whole table. */
async function readQueue(sql: Database): Promise<SystemQueue[]> {
  return sql<SystemQueue[]>`
    select p.name as priority,
      (select count(*)::int from (
        select from videos where status = 'queued' and priority = p.name limit ${mostCounted}) q) as videos_queued,
      (select count(*)::int from (
        (select 1 from tasks where state = 'queued' and announced_at is null and kind <> 'fetch' and priority = p.class
         order by priority, owner, video_at, video_id, rank limit ${mostCounted})
        union all
        (select 1 from tasks where state = 'queued' and kind = 'fetch' and priority = p.class
         order by priority, id limit ${mostCounted})
        union all
        (select 1 from tasks where state = 'queued' and announced_at is not null and priority = p.class
         order by announced_at limit ${mostCounted})
        limit ${mostCounted}) q) as tasks_waiting,
      (select count(*)::int from tasks where state = 'running' and priority = p.class) as tasks_running,
      (select min(created_at) from videos where status = 'queued' and priority = p.name) as oldest_queued_at
    from (values ('high', 0), ('normal', 1), ('low', 2)) as p (name, class) order by p.class`
}

async function readFailures(sql: Database): Promise<SystemOverview['failures']> {
  const rows = await sql<Omit<SystemOverview['failures'][number], 'about'>[]>`
    select coalesce(error_code, 'unknown') as code, count(*)::int as videos, max(completed_at) as latest_at
    from videos where status = 'failed' and completed_at > now() - interval '1 day'
    group by 1 order by 2 desc, 1`
  return rows.map((row) => ({ ...row, about: aboutCode(row.code) }))
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
