import { createStream } from '../../../src/queue/stream.ts'
import type { Finding } from './finding.ts'
import type { World } from './world.ts'

/** A hint that a dead worker had read, of a task that nobody has claimed. */
type Unclaimed = { entry: string; task: number }

/**
 * What the dead worker `armed` left pending. The entry of a task that runs must be among it: it goes
 * after the commit that ends the run, never before.
 */
export async function readLeft({ system }: World): Promise<{ unclaimed: Unclaimed[]; findings: Finding[] }> {
  const { sql, redis, names } = system
  const pending = await createStream(redis, names).pendingOf('armed')
  const running = await sql<{ video_id: string; id: number; stream_id: string }[]>`
    select video_id, id, stream_id from tasks where state = 'running' and worker_id like 'armed-%'`
  const known = new Set(pending.map((entry) => entry.id))
  const gone = running.filter((task) => !known.has(task.stream_id))
  const hinted = await sql<{ id: number; stream_id: string }[]>`
    select id, stream_id from tasks where state = 'queued' and announced_at is not null and stream_id = any(${[...known]})`
  return {
    unclaimed: hinted.map((task) => ({ entry: task.stream_id, task: task.id })),
    findings: gone.map(({ video_id: video, id }) => {
      return {
        video,
        fact: 'entry_gone',
        detail: `task ${id} was running, and its entry was settled already`,
      }
    }),
  }
}

/** A task of which the hint was swept up was claimed under that very entry; else somebody announced it anew. */
export async function notSwept({ system }: World, unclaimed: readonly Unclaimed[]): Promise<Finding[]> {
  const rows = await system.sql<{ id: number; video_id: string; stream_id: string | null }[]>`
    select id, video_id, stream_id from tasks where id = any(${unclaimed.map(({ task }) => task)})`
  const entryOf = new Map(unclaimed.map(({ entry, task }) => [task, entry]))
  return rows
    .filter((row) => row.stream_id !== entryOf.get(row.id))
    .map(({ id, video_id: video }) => {
      return {
        video,
        fact: 'not_swept',
        detail: `the hint of task ${id} that a dead worker had read was left lying`,
      }
    })
}
