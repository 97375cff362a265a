import { isTerminal } from '../jobs/state.ts'
import type { ProgressRow } from './read-rows.ts'
import type { ProgressSnapshot } from './snapshot.ts'

type Content = Omit<ProgressSnapshot, 'seq'>

/**
 * What is true of a video: its row wins for the status, the error and the place in the queue; the
 * published snapshot tells the rest as long as it speaks of the same status. Without one the row says
 * what it can. `live` false: Redis does not answer, so the row's count of tasks may be ahead.
 */
export function reconcile(options: {
  row: ProgressRow
  published: ProgressSnapshot | null
  live: boolean
}): Content {
  const { row, published, live } = options
  if (isTerminal(row.status)) return ended(row, published ?? fromRow(row))
  if (published?.status !== row.status) return fromRow(row)
  const { seq: _, error: __, queue_position: ___, ...rest } = published
  return {
    ...rest,
    percent: live ? published.percent : Math.max(published.percent, percentOf(row)),
    ...(published.stage === 'queued' ? queueOf(row) : {}),
  }
}

function fromRow(row: ProgressRow): Content {
  return {
    video_id: row.id,
    status: row.status,
    percent: percentOf(row),
    stage: row.status === 'queued' ? 'queued' : 'encoding',
    frames: row.frames ?? 0,
    total_frames: row.total_frames,
    fps: null,
    speed: null,
    eta_s: null,
    chunks: { done: row.tasks_done, running: 0, total: row.tasks_total },
    resolutions: row.resolutions,
    ...queueOf(row),
  }
}

function ended(row: ProgressRow, base: Content): Content {
  const { queue_position: _, error: __, ...rest } = base
  const completed = row.status === 'completed'
  return {
    ...rest,
    status: row.status,
    percent: completed ? 100 : base.percent,
    stage: 'done',
    frames: completed ? (row.frames ?? base.total_frames ?? base.frames) : base.frames,
    fps: null,
    speed: null,
    eta_s: null,
    chunks: { ...base.chunks, done: completed ? base.chunks.total : base.chunks.done, running: 0 },
    resolutions: completed && row.resolutions.length > 0 ? row.resolutions : base.resolutions,
    ...(row.error_code === null ? {} : { error: { code: row.error_code, message: row.error_message ?? '' } }),
  }
}

/** The share of tasks done. 100 is kept for the end; a video that only failed at the end has less. */
function percentOf(row: ProgressRow): number {
  if (row.status === 'completed') return 100
  return row.tasks_total > 0 ? Math.floor((990 * row.tasks_done) / row.tasks_total) / 10 : 0
}

function queueOf(row: ProgressRow): { queue_position?: number } {
  return row.queue_position === null ? {} : { queue_position: row.queue_position }
}
