import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import type { Reach } from '../failpoints.ts'
import type { ClaimedTask } from '../jobs/claim.ts'
import type { Log } from '../log.ts'
import type { Codec } from '../media/model.ts'
import type { Profiles } from '../media/plan/profiles.ts'
import type { Progress } from '../progress/report.ts'
import type { Stream } from '../queue/stream.ts'
import type { Storage } from '../storage.ts'

/** What every part of the worker uses; made once in cmd/worker.ts. */
export type WorkerContext = {
  config: Config
  sql: Database
  stream: Stream
  storage: Storage
  progress: Progress
  log: Log
  reach: Reach
  /** Told of every error that may show that something all tasks need is away. */
  report: (error: unknown) => void
  /** Host and a random part: another one after every start. The consumer name stays. */
  workerId: string
  consumer: string
  /** Fingerprint of ffmpeg and its encoders, stored with each plan. */
  build: string
  /** What that ffmpeg can encode. */
  codecs: ReadonlySet<Codec>
  /** Whether it can tell VMAF. */
  vmaf: boolean
  profiles: Profiles
}

/** One task in one slot. */
export type TaskRun = {
  task: ClaimedTask
  /** The entry it was read from. */
  entryId: string
  log: Log
  /** Aborted, with a FencedError or TransientError as its reason, when the run must stop at once. */
  signal: AbortSignal
  /** Aborted when the worker is to stop: give the task back after the segment in hand. */
  drain: AbortSignal
  /** Runs a statement that is safe to repeat through an outage of the database, while the run lasts. */
  hold: <T>(statement: () => Promise<T>) => Promise<T>
  /** Threads for a process started now: more than `least` only while cores would stand idle. */
  threads: (least: number) => number
  /** This run's scratch folder, made at first use and removed with the run. */
  scratch: () => Promise<string>
  /** To be told of each program that this run starts. */
  mark: (pid: number) => void
}
