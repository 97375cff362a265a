import type { Database } from '../db.ts'
import { StepladderError } from '../errors.ts'
import { readPlayableVideo } from '../jobs/read-playback.ts'
import type { Plan } from '../media/model.ts'
import { videoNotFound } from './video-id.ts'

/** A video that has a plan and is being made, or is completed. */
export type Playable = { id: string; generation: number; plan: Plan; completed: boolean }

/** Throws `video_not_found`, `not_playable` for one that failed or was cancelled, `not_playable_yet`. */
export async function findPlayable(sql: Database, id: string, owner: string): Promise<Playable> {
  const video = await readPlayableVideo(sql, id, owner)
  if (!video) throw videoNotFound(id)
  const { status, generation, plan } = video
  if (status === 'failed' || status === 'cancelled') {
    throw new StepladderError('not_playable', `the video is ${status}, so there is nothing to play`)
  }
  if (!plan) throw notPlayableYet()
  return { id, generation, plan, completed: status === 'completed' }
}

export function notPlayableYet(): StepladderError {
  return new StepladderError('not_playable_yet', 'nothing of the video can be played yet; ask again soon')
}

export function noSuchTrack(name: string): StepladderError {
  return new StepladderError('track_not_found', `the video has no track ${name}`)
}
