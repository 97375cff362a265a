import type { Config } from '../../../src/config.ts'
import type { Database } from '../../../src/db.ts'
import type { VideoStatus } from '../../../src/jobs/state.ts'
import type { Redis, RedisNames } from '../../../src/redis.ts'
import type { Storage } from '../../../src/storage.ts'

/** What can be wrong after a run. */
type Fact =
  // rows
  | 'video_lost'
  | 'wrong_status'
  | 'task_left'
  | 'counters_wrong'
  | 'events_wrong'
  | 'ended_twice'
  | 'runs_wrong'
  | 'done_twice'
  | 'attempts_wrong'
  | 'crashes_wrong'
  // objects
  | 'track_unready'
  | 'object_missing'
  | 'object_altered'
  | 'object_unnamed'
  | 'playlist_wrong'
  | 'frames_wrong'
  // what outlived its run
  | 'entry_pending'
  | 'entry_left'
  | 'process_orphaned'
  | 'process_left'
  | 'scratch_left'
  | 'upload_open'
  // what was seen while it ran
  | 'wrong_answer'
  | 'run_lost'
  | 'attempt_spent'
  | 'too_slow'
  | 'event_missed'
  | 'run_twice'
  | 'not_fenced'
  | 'not_reached'
  | 'entry_gone'
  | 'not_swept'

/** `video` null: of the whole system. */
export type Finding = { video: string | null; fact: Fact; detail: string }

/** A submission that was answered 201, and how it may have ended; `frames` where the picture's length is known. */
export type Acknowledged = {
  videoId: string
  expected: VideoStatus | readonly VideoStatus[]
  frames?: number
}

export type CheckedSystem = {
  sql: Database
  storage: Storage
  redis: Redis
  names: RedisNames
  config: Pick<Config, 'SCRATCH_DIR' | 'S3_BUCKET'>
  /** Those that live now; `name` is WORKER_NAME. */
  workers: readonly { name: string; pid: number }[]
}
