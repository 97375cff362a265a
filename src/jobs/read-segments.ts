import type { Query } from '../db.ts'
import { type SegmentObjects, segmentObjectsSchema } from '../media/stored.ts'
import type { TaskKind } from './state.ts'

/** The init hashes by rung that a video's committed segments have; empty while there are none. */
export async function readKnownInits(sql: Query, videoId: string): Promise<ReadonlyMap<string, string>> {
  const [row] = await sql<{ objects: unknown }[]>`
    select s.objects from tasks t join segments s on s.task_id = t.id
    where t.video_id = ${videoId} and t.kind = 'video' and s.objects -> 'inits' <> '{}' limit 1`
  if (!row) return new Map()
  const { inits } = segmentObjectsSchema.parse(row.objects)
  return new Map(Object.entries(inits).map(([name, init]) => [name, init.sha256]))
}

/** The hashes of a track task's committed segments, by index. */
export async function readCommittedHashes(
  sql: Query,
  taskId: number,
  name: string,
): Promise<ReadonlyMap<number, string>> {
  const rows = await sql<{ idx: number; sha256: string }[]>`
    select idx, objects -> 'tracks' -> ${name} ->> 'sha256' as sha256 from segments where task_id = ${taskId}`
  return new Map(rows.map((row) => [row.idx, row.sha256]))
}

export type TaskSegments = {
  taskId: number
  kind: TaskKind
  position: number
  result: unknown
  segments: { idx: number; frames: number; objects: SegmentObjects }[]
}

/** One of those below; without segments where it is not done. */
export async function readDoneTask(
  sql: Query,
  videoId: string,
  kind: TrackKind,
  position: number,
): Promise<Pick<TaskSegments, 'segments'>> {
  const [task] = await readDoneTasks(sql, videoId, kind, position)
  return task ?? { segments: [] }
}

type TrackKind = 'video' | 'audio' | 'subtitle'

/** The done video, audio or subtitle tasks of a video in order, each with its segments in order; with `position` that one only. */
export async function readDoneTasks(
  sql: Query,
  videoId: string,
  kind: TrackKind,
  position: number | null = null,
): Promise<TaskSegments[]> {
  const rows = await sql<
    { id: number; position: number; result: unknown; idx: number | null; frames: number; objects: unknown }[]
  >`
    select t.id, t.position, t.result, s.idx, s.frames, s.objects
    from tasks t left join segments s on s.task_id = t.id
    where t.video_id = ${videoId} and t.kind = ${kind} and t.state = 'done'
      ${position === null ? sql`` : sql`and t.position = ${position}`}
    order by t.position, s.idx`
  const tasks: TaskSegments[] = []
  for (const row of rows) {
    let task = tasks.at(-1)
    if (task?.taskId !== row.id) {
      task = { taskId: row.id, kind, position: row.position, result: row.result, segments: [] }
      tasks.push(task)
    }
    if (row.idx !== null) {
      task.segments.push({
        idx: row.idx,
        frames: row.frames,
        objects: segmentObjectsSchema.parse(row.objects),
      })
    }
  }
  return tasks
}

/** What the done tasks of a kind gave, in order. */
export async function readResults(sql: Query, videoId: string, kind: TaskKind): Promise<unknown[]> {
  const rows = await sql<{ result: unknown }[]>`
    select result from tasks where video_id = ${videoId} and kind = ${kind} and state = 'done' order by position`
  return rows.map((row) => row.result)
}
