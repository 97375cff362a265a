import { readFileSync } from 'node:fs'
import type { VideoStatus } from '../jobs/state.ts'
import type { Redis, RedisNames } from '../redis.ts'
import type { ProgressSnapshot } from './snapshot.ts'

const script = readFileSync(new URL('progress.lua', import.meta.url), 'utf8')
const timeToLiveS = 86_400

export type Stage = ProgressSnapshot['stage']
export type Progress = ReturnType<typeof createProgress>

/** What a video's progress starts from: totals from its plan and what its rows say is done. */
export type ProgressSeed = {
  /** Of the plan; the totals of a later one replace those of an earlier one. */
  generation: number
  status: VideoStatus
  stage: Stage
  /** Frames of the film, AAC frames of an audio-only one, null when unknown. */
  total: number | null
  units_per_s: number | null
  frames_shown: boolean
  chunks_total: number
  chunks_done: number
  pack_total: number
  pack_done: number
  rungs: { name: string; segments: number; bytes: number }[]
  tasks: { id: number; fence: number; units: number; state: 'idle' | 'done' }[]
}

/** One run's own state; older (fence, units) are ignored by the script. */
export type TaskReport = {
  task: number
  fence: number
  /** Frames of this task done so far, committed ones of earlier runs included. */
  units: number
  state: 'running' | 'idle' | 'done'
  chunk?: boolean
  pack?: boolean
  stage?: Stage
  /** Bytes by rung of a segment just committed. */
  added?: Record<string, number>
}

/**
 * Publishes progress. It is disposable: every failure is swallowed, for the database is the truth and
 * the readers look there too.
 */
export function createProgress(redis: Redis, names: RedisNames) {
  async function send(videoId: string, message: object): Promise<'ok' | 'cold' | 'old' | 'failed'> {
    try {
      const reply = await redis.eval(
        script,
        1,
        names.progressKey(videoId),
        names.progressChannel(videoId),
        names.progressAllChannel,
        timeToLiveS,
        JSON.stringify({ video_id: videoId, ...message }),
      )
      return reply === 'cold' || reply === 'old' ? reply : 'ok'
    } catch {
      return 'failed'
    }
  }

  return {
    /** 'old' when the totals are there already and of this plan. */
    seed: (videoId: string, seed: ProgressSeed) => send(videoId, { op: 'seed', ...seed }),
    /** 'cold' when Redis lost the totals: seed and report again. */
    task: (videoId: string, report: TaskReport) => send(videoId, { op: 'task', ...report }),
    stage: (videoId: string, status: VideoStatus, stage: Stage, fetched?: ProgressSnapshot['fetched']) =>
      send(videoId, { op: 'stage', status, stage, fetched: fetched ?? null }),
    ended: (
      videoId: string,
      end: { status: VideoStatus; error?: { code: string; message: string } | null },
    ) => send(videoId, { op: 'end', status: end.status, error: end.error ?? null }),
    /** A retry by a person: a new life, whose totals the next worker seeds. */
    restarted: (videoId: string) => send(videoId, { op: 'restart' }),
    removed: async (videoId: string) => {
      await redis.del(names.progressKey(videoId)).catch(() => 0)
    },
  }
}
