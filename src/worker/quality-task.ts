import { Readable } from 'node:stream'
import { isDatabaseOutage } from '../db.ts'
import { errorClassOf } from '../error-codes.ts'
import { FencedError, StepladderError } from '../errors.ts'
import { completeTask } from '../jobs/complete-task.ts'
import { readDoneTask } from '../jobs/read-segments.ts'
import { httpInput } from '../media/argv/input-args.ts'
import { qualityArgs } from '../media/argv/quality-args.ts'
import { hasVmaf, maxVmafLogBytes } from '../media/argv/vmaf-args.ts'
import { type ChunkFigures, createFiguresReader } from '../media/checks/quality-figures.ts'
import { runFfmpeg } from '../media/ffmpeg/ffmpeg.ts'
import { judgeExit } from '../media/ffmpeg/ffmpeg-failure.ts'
import { planSchema, type VideoPlan } from '../media/model.ts'
import { DrainedError, describeFailure } from '../runs/settle-failure.ts'
import { blameStore } from './blame-store.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import type { Preroll } from './encode-chunk.ts'
import { readVmaf } from './read-vmaf.ts'
import { objectsOf, readObjects, type StoredObject } from './stored-track.ts'
import { createTaskProgress } from './task-progress.ts'
import { untilDrained } from './until-drained.ts'
import { prerolls } from './video-task.ts'

/** Runs that may fail before a chunk is left out: figures are not worth a long wait. */
const mostRuns = 2

/**
 * Compares every rung of a chunk with the source, frame by frame, in one ffmpeg. What cannot be measured
 * is left out with an event: the film itself is made by now, and must not fail for a figure.
 */
export async function runQualityTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  const progress = createTaskProgress(context, run, { pack: true, stage: 'packaging' })
  progress.started(0)
  // A third run that ended its worker would fail the video.
  if (task.crashes >= 2) await skip(context, run, new StepladderError('worker_crashed', crashed))
  else {
    try {
      const rungs = await untilDrained(run, (signal) => measureChunk(context, run, signal))
      await run.hold(() => completeTask(context.sql, task, { lastSegment: null, result: { rungs } }))
    } catch (error) {
      const reason = await blameStore(context.storage, error)
      if (run.signal.aborted || !isFinal(context, run, reason)) throw reason
      await skip(context, run, reason)
    }
  }
  await progress.done(0)
}

const crashed = 'measuring this chunk ended its worker twice'

/** What is not the task's own fault is waited for, and anything that may pass is tried once more. */
function isFinal(context: WorkerContext, { task }: TaskRun, error: unknown): boolean {
  if (error instanceof FencedError || error instanceof DrainedError || isDatabaseOutage(error)) return false
  const kind = errorClassOf(describeFailure(error).code)
  if (kind === 'outage') return false
  return kind === 'permanent' || task.attempt + 1 >= Math.min(mostRuns, context.config.MAX_ATTEMPTS)
}

async function skip(context: WorkerContext, run: TaskRun, error: unknown): Promise<void> {
  const { task } = run
  const skipped = describeFailure(error)
  run.log.warn({ code: skipped.code, err: skipped.message }, 'chunk not measured')
  const unmeasured = { chunk: task.position, ...skipped }
  await run.hold(() =>
    completeTask(context.sql, task, { lastSegment: null, result: { skipped }, unmeasured }),
  )
}

type Figures = Record<string, ChunkFigures>
type Job = { video: VideoPlan; frames: number; rungs: StoredObject[][] }

async function measureChunk(context: WorkerContext, run: TaskRun, signal: AbortSignal): Promise<Figures> {
  const { task } = run
  const { video } = planSchema.parse(task.plan)
  if (!video) throw new StepladderError('bad_plan', 'the plan has no pictures to be measured')
  const head = await run.hold(() => readDoneTask(context.sql, task.videoId, 'video', 0))
  const chunk = await run.hold(() => readDoneTask(context.sql, task.videoId, 'video', task.position))
  const inits = head.segments[0]?.objects.inits ?? {}
  const frames = chunk.segments.reduce((sum, segment) => sum + segment.frames, 0)
  // A chunk beyond the end of a source that promised more.
  if (frames === 0) return {}
  const rungs = video.rungs.map(({ name }) => objectsOf(name, inits, chunk.segments))
  for (const preroll of prerolls(video)) {
    try {
      return await measure(context, run, { video, frames, rungs }, preroll, signal)
    } catch (error) {
      if (!isMisaligned(error)) throw error
      run.log.info({ preroll }, 'the source lacks its head')
    }
  }
  throw new StepladderError('figures_misaligned', 'the chunk could not be laid beside its source')
}

/** A seek that landed late, as in the encode: the next pre-roll is longer. */
function isMisaligned(error: unknown): boolean {
  return error instanceof StepladderError && error.code === 'figures_misaligned'
}

async function measure(
  context: WorkerContext,
  run: TaskRun,
  { video, frames, rungs }: Job,
  preroll: Preroll,
  signal: AbortSignal,
): Promise<Figures> {
  const { task } = run
  const readers = rungs.map(createFiguresReader)
  const url = await context.storage.presignRead(task.sourceKey ?? '')
  const cwd = await run.scratch()
  const ffmpeg = runFfmpeg({
    path: context.config.FFMPEG_PATH,
    args: qualityArgs({
      plan: video,
      firstFrame: video.chunks[task.position]?.first_frame ?? 0,
      frames,
      preroll_s: preroll,
      threads: run.threads(1),
      vmaf: context.vmaf,
      input: httpInput({ url, etag: task.sourceEtag ?? '' }),
    }),
    outputs: rungs.length,
    inputs: rungs.map((objects) => Readable.from(readObjects(context, objects, signal))),
    cwd,
    ...(context.vmaf && { maxFileBytes: maxVmafLogBytes(frames) }),
    onStart: run.mark,
    signal,
    stallMs: context.config.STALL_MS,
    onData: (index, bytes) => readers[index]?.push(bytes),
  })
  const failure = judgeExit(await ffmpeg.done)
  if (failure) throw failure
  const figures: Figures = {}
  for (const [index, rung] of video.rungs.entries()) {
    const found = readers[index]?.finish(frames)
    if (!found) continue
    const vmaf = context.vmaf && hasVmaf(rung) ? await readVmaf(cwd, index, frames) : null
    figures[rung.name] = { ...found, ...(vmaf && { vmaf }) }
  }
  return figures
}
