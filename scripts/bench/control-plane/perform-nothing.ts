import { setTimeout as sleep } from 'node:timers/promises'
import { findResumePoint } from '../../../src/jobs/claim.ts'
import { commitSegment } from '../../../src/jobs/commit-segment.ts'
import { completeFinish } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { completeTask } from '../../../src/jobs/complete-task.ts'
import { streamedKey } from '../../../src/jobs/object-keys.ts'
import { readDoneTasks, readKnownInits } from '../../../src/jobs/read-segments.ts'
import { type Plan, planSchema } from '../../../src/media/model.ts'
import { readProgressSeed } from '../../../src/progress/seed.ts'
import { DrainedError } from '../../../src/runs/settle-failure.ts'
import type { TaskRun, WorkerContext } from '../../../src/worker/context.ts'
import type { Perform } from '../../../src/worker/perform.ts'
import { createTaskProgress } from '../../../src/worker/task-progress.ts'
import { chunkFrames, finishedTrack, mediaOf, planOf, segmentOf, segmentsPerChunk, sizeIn } from './film.ts'

/** ffmpeg reports this often; what is published of it is the task's progress to decide. */
const tickMs = 500

/**
 * Every statement and report of a real task in its place, without ffmpeg and without the store. A chunk
 * lasts `chunkMs`, all else no time at all.
 */
export function performNothing(chunkMs: number): Perform {
  return (context, run) => {
    switch (run.task.kind) {
      case 'plan':
        return plan(context, run)
      case 'video':
        return encode(context, run, chunkMs)
      case 'mp4':
        return join(context, run)
      case 'finish':
        return finish(context, run)
      default:
        throw new Error(`these films have no ${run.task.kind} tasks`)
    }
  }
}

async function plan(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  await context.progress.stage(task.videoId, 'queued', 'planning')
  const size = sizeIn(task.sourceKey)
  await run.hold(() => completePlan(context.sql, task, { media: mediaOf(size), plan: planOf(size) }))
  const seed = await readProgressSeed(context.sql, task.videoId)
  if (seed) await context.progress.seed(task.videoId, seed)
}

async function encode(context: WorkerContext, run: TaskRun, chunkMs: number): Promise<void> {
  const { sql, config } = context
  const { task } = run
  const names = rungsOf(run)
  const firstIdx = await run.hold(() => findResumePoint(sql, task))
  const progress = createTaskProgress(context, run, { chunk: true, stage: 'encoding' })
  await run.hold(() => readKnownInits(sql, task.videoId))
  const unitsAt = (idx: number) => (idx * chunkFrames) / segmentsPerChunk
  progress.started(unitsAt(firstIdx))
  const bytes = Object.fromEntries(names.map((name) => [name, 1000]))
  for (let idx = firstIdx; idx < segmentsPerChunk - 1; idx++) {
    await pass(run, chunkMs / segmentsPerChunk, (share) => progress.tick(unitsAt(idx + share)))
    await run.hold(() => commitSegment(sql, task, segmentOf(task, idx, names), config.LEASE_MS))
    progress.committed(unitsAt(idx + 1), bytes)
  }
  const last = segmentsPerChunk - 1
  await pass(run, chunkMs / segmentsPerChunk, (share) => progress.tick(unitsAt(last + share)))
  const end = {
    lastSegment: segmentOf(task, last, names),
    result: { frames: chunkFrames, ended_early: false },
  }
  await run.hold(() => completeTask(sql, task, end))
  await progress.done(chunkFrames, bytes)
}

/** Lets time pass as an encoder would: with ticks, and ended by a lost lease or a drain. */
async function pass(run: TaskRun, ms: number, tick: (share: number) => void): Promise<void> {
  const until = performance.now() + ms
  for (let left = ms; left > 0; left = until - performance.now()) {
    const signal = AbortSignal.any([run.signal, run.drain])
    await sleep(Math.min(left, tickMs), undefined, { signal }).catch(() => {})
    run.signal.throwIfAborted()
    if (run.drain.aborted) throw new DrainedError()
    tick(1 - (until - performance.now()) / ms)
  }
}

async function join(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  const progress = createTaskProgress(context, run, { pack: true, stage: 'packaging' })
  progress.started(0)
  await readTracks(context, run)
  const rung = rungsOf(run)[task.position] ?? ''
  const mp4 = { rung, key: streamedKey(task, rung, 'mp4'), bytes: 1000 }
  await run.hold(() => completeTask(context.sql, task, { lastSegment: null, result: { bytes: 1000 }, mp4 }))
  await progress.done(0)
}

async function finish(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  await context.progress.stage(task.videoId, 'processing', 'finishing')
  const segments = await readTracks(context, run)
  const finished = {
    renditions: rungsOf(run).map((name) => finishedTrack(task, name, segments)),
    tracks: [],
    outputs: {
      hls_master_key: streamedKey(task, 'master', 'm3u8'),
      dash_manifest_key: streamedKey(task, 'manifest', 'mpd'),
    },
    findings: [],
  }
  await run.hold(() => completeFinish(context.sql, task, finished))
  await context.progress.ended(task.videoId, { status: 'completed' })
}

/** Reads what the film consists of, as MP4s and manifests need it. Returns the number of segments. */
async function readTracks({ sql }: WorkerContext, run: TaskRun): Promise<number> {
  const video = await run.hold(() => readDoneTasks(sql, run.task.videoId, 'video'))
  await run.hold(() => readDoneTasks(sql, run.task.videoId, 'audio'))
  return video.flatMap((task) => task.segments).length
}

function rungsOf(run: TaskRun): string[] {
  const parsed: Plan = planSchema.parse(run.task.plan)
  return parsed.video?.rungs.map((rung) => rung.name) ?? []
}
