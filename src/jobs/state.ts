/** The words of the job model, the same in code, SQL, API and docs. */
export const videoStatuses = ['queued', 'processing', 'completed', 'failed', 'cancelled'] as const
export type VideoStatus = (typeof videoStatuses)[number]

export const priorities = ['high', 'normal', 'low'] as const
export type Priority = (typeof priorities)[number]

export type TaskKind = 'fetch' | 'plan' | 'video' | 'audio' | 'subtitle' | 'mp4' | 'quality' | 'finish'

/** Names a task's run: an owner's write carries both, and 0 rows means it is not ours any more. */
export type Owned = { taskId: number; videoId: string; fence: number }

export function isTerminal(status: VideoStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

/**
 * Order of a video's tasks among each other: plan, chunk 0, audio, chunk 1, …, then MP4s and finish,
 * so that the beginning plays while the rest is made. Text comes in turn with the chunks: each track of it
 * reads the whole source, and films have dozens.
 */
export function taskRank(kind: TaskKind, position: number): number {
  switch (kind) {
    case 'fetch':
    case 'plan':
      return 0
    case 'video':
      return position === 0 ? 1 : 1_000 + position
    case 'audio':
      return 2 + position
    case 'subtitle':
      return 1_000 + position
    case 'mp4':
      return 1_000_000 + position
    case 'quality':
      return 1_500_000 + position
    case 'finish':
      return 2_000_000
  }
}
