import { randomUUIDv7 } from 'node:crypto'
import type { Database } from '../../../src/db.ts'
import { claimTask } from '../../../src/jobs/claim.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import type { Priority } from '../../../src/jobs/state.ts'
import { submitVideo } from '../../../src/jobs/submit.ts'
import { jobOptionsSchema } from '../../../src/media/plan/job-options.ts'
import { type FilmSize, mediaOf, planOf, sourceKeyOf } from './film.ts'

export async function submitFilm(
  sql: Database,
  size: FilmSize,
  priority: Priority = 'normal',
): Promise<number> {
  const id = randomUUIDv7()
  const source = { kind: 'key' as const, key: sourceKeyOf(size, id), etag: 'bench', bytes: 1_000_000 }
  const { taskId } = await submitVideo(sql, {
    id,
    title: null,
    priority,
    metadata: {},
    options: jobOptionsSchema.parse({}),
    source,
  })
  return taskId
}

/** Films that nobody takes before `openGate`. */
export async function submitBehindGate(sql: Database, size: FilmSize, films: number): Promise<void> {
  await eightAtATime(films, async () => void (await submitFilm(sql, size)))
  await closeGate(sql)
}

/** The same, with their plans done already: what waits is chunks. No worker may be there. */
export async function planBehindGate(sql: Database, size: FilmSize, films: number): Promise<void> {
  await eightAtATime(films, async () => {
    const taskId = await submitFilm(sql, size)
    const task = await claimTask(sql, { taskId, entryId: '0-1', workerId: 'bench', leaseMs: 20_000 })
    if (!task) throw new Error('a task could not be claimed')
    await completePlan(sql, task, { media: mediaOf(size), plan: planOf(size) })
  })
  await closeGate(sql)
}

async function closeGate(sql: Database): Promise<void> {
  await sql`update tasks set run_at = now() + interval '1 day' where state = 'queued'`
  await sql`vacuum analyze tasks, videos`
}

/** Returns the database's time. */
export async function openGate(sql: Database): Promise<Date> {
  const [row] = await sql<{ at: Date }[]>`
    with opened as (update tasks set run_at = now() where state = 'queued' and run_at > now()) select now() as at`
  await sql`select pg_notify('stepladder_dispatch', '')`
  return row?.at ?? new Date()
}

async function eightAtATime(count: number, body: () => Promise<void>): Promise<void> {
  let left = count
  const one = async () => {
    while (left-- > 0) await body()
  }
  await Promise.all(Array.from({ length: 8 }, one))
}
