import type { Place } from './system.ts'

/**
 * What must hold once the workers have stopped: no lease was lost, no attempt spent, nothing done twice,
 * nothing left pending. `allDone`: and everything is done. Throws with what is not so.
 */
export async function requireSound({ sql, stream }: Place, { allDone }: { allDone: boolean }): Promise<void> {
  const [tasks] = await sql<Record<string, number>[]>`
    select count(*) filter (where state = 'running') as running,
      count(*) filter (where crashes > 0) as crashed,
      count(*) filter (where attempt > 0) as tried_again,
      count(*) filter (where state not in ('queued', 'done')) as ended_badly,
      count(*) filter (where ${allDone} and state <> 'done') as not_done
    from tasks`
  const [runs] = await sql<Record<string, number>[]>`
    select count(*) filter (where outcome = 'lost') as lost_leases,
      count(*) filter (where outcome not in ('done', 'released') or (${allDone} and outcome <> 'done')) as bad_runs,
      count(*) filter (where outcome is null) as open_runs,
      (select count(*) from (select from task_runs where outcome = 'done' group by task_id having count(*) > 1) t) as done_twice,
      (select count(*) from tasks t where state = 'done'
       and not exists (select from task_runs r where r.task_id = t.id and outcome = 'done')) as done_by_nobody
    from task_runs`
  const [videos] = await sql<Record<string, number>[]>`
    select count(*) filter (where ${allDone} and status <> 'completed') as not_completed,
      count(*) filter (where status in ('failed', 'cancelled')) as failed from videos`
  const counts = {
    ...tasks,
    ...runs,
    ...videos,
    pending: (await stream.idleEntries(0)).length,
    entries: allDone ? await stream.length() : 0,
  }
  const wrong = Object.entries(counts).filter(([, count]) => count !== 0)
  if (wrong.length === 0) return
  throw new Error(`not as it must be: ${wrong.map(([name, count]) => `${name} ${count}`).join(', ')}`)
}
