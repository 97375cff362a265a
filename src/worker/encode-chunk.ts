import { PermanentError, withStderr } from '../errors.ts'
import { findResumePoint } from '../jobs/claim.ts'
import { commitSegment } from '../jobs/commit-segment.ts'
import { completeTask } from '../jobs/complete-task.ts'
import { readKnownInits } from '../jobs/read-segments.ts'
import { httpInput } from '../media/argv/input-args.ts'
import { videoArgs, videoOutputs } from '../media/argv/video-args.ts'
import { requireWholeRun } from '../media/ffmpeg/ffmpeg-failure.ts'
import type { Chunk, VideoPlan } from '../media/model.ts'
import { progressFd } from '../media/pipes.ts'
import { segmentFrames, segmentStart } from '../media/plan/chunks.ts'
import type { Segment } from '../media/segments/segment.ts'
import { createVideoSegmenter } from '../media/segments/segmenter.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { encodeRun } from './encode-run.ts'
import { bytesByTrack, checkInits, storeSegment } from './store-segment.ts'
import { createTaskProgress } from './task-progress.ts'

/** Seconds of the source decoded before the run's start, or all of it. */
export type Preroll = number | 'from_start'

type ChunkJob = { video: VideoPlan; chunk: Chunk; preroll: Preroll }

/** Where a run of a chunk begins: behind the segments that earlier runs committed. */
type Resume = { firstIdx: number; offset: number; firstFrame: number; exactFrames: number | null }

/**
 * One run of a chunk: one decode, every rung at once, segments uploaded as they appear and committed
 * one by one, the last one together with the task's end.
 */
export async function encodeChunk(context: WorkerContext, run: TaskRun, job: ChunkJob): Promise<void> {
  const resume = await findResume(context, run, job)
  const segmenter = createSegmenter(job, resume, run.task.position)
  const progress = createTaskProgress(context, run, { chunk: true, stage: 'encoding' })
  const store = await createStore(context, run, resume, segmenter)
  const done = (segment: Segment) => segment.firstFrame - job.chunk.first_frame + segment.frames

  const commit = async (segment: Segment): Promise<void> => {
    const row = await store(segment)
    await run.hold(() => commitSegment(context.sql, run.task, row, context.config.LEASE_MS))
    progress.committed(done(segment), bytesByTrack(row))
  }
  progress.started(resume.offset)
  try {
    const result = await encodeRun(context, run, {
      args: await chunkArgs(context, run, job, resume),
      names: job.video.rungs.map((rung) => rung.name),
      segmenter,
      ...(job.video.pictures && { onPicture: segmenter.pushPicture }),
      store: commit,
      onProgress: ({ frames }) => progress.tick(resume.offset + frames),
    })
    const damage = requireWholeRun(result, { allowPartial: run.task.options.allow_partial })
    const rest = segmenter.finish()
    judgeFrames(run, resume, { frames: rest.frames, stderrTail: result.stderrTail })
    for (const segment of rest.ready) await commit(segment)
    const last = rest.last && (await store(rest.last))
    const outcome = {
      frames: resume.offset + rest.frames,
      ended_early: rest.frames < (resume.exactFrames ?? 0),
      ...(damage && { damage }),
    }
    await run.hold(() => completeTask(context.sql, run.task, { lastSegment: last, result: outcome }))
    await progress.done(outcome.frames, last ? bytesByTrack(last) : {})
  } catch (error) {
    await progress.idle(resume.offset)
    throw error
  }
}

async function findResume(context: WorkerContext, run: TaskRun, { video, chunk }: ChunkJob): Promise<Resume> {
  const firstIdx = await run.hold(() => findResumePoint(context.sql, run.task))
  const offset = segmentStart(video, run.task.position, firstIdx)
  return {
    firstIdx,
    offset,
    firstFrame: chunk.first_frame + offset,
    exactFrames: chunk.frames === null ? null : chunk.frames - offset,
  }
}

function createSegmenter({ video, chunk }: ChunkJob, resume: Resume, position: number) {
  return createVideoSegmenter({
    ...resume,
    names: video.rungs.map((rung) => rung.name),
    segmentFrames: (idx) => segmentFrames(video, position, idx),
    frameDuration: video.frame_duration,
    gopFrames: video.gop_frames,
    minTailFrames: Math.ceil(video.frame_rate[0] / video.frame_rate[1]),
    holdFrom: holdFrom(video, chunk),
    pictureEvery: video.pictures?.every_frames ?? null,
  })
}

/**
 * The last segment is committed with the task's end, so one that may be the last waits. Where a chunk
 * ends exactly that is known; the open end is where the container promised, give or take a GOP.
 */
function holdFrom(video: VideoPlan, chunk: Chunk): number {
  if (chunk.frames !== null) return chunk.first_frame + chunk.frames
  return Math.max(0, (video.expected_frames ?? 0) - video.gop_frames)
}

async function createStore(
  context: WorkerContext,
  run: TaskRun,
  resume: Resume,
  segmenter: ReturnType<typeof createVideoSegmenter>,
) {
  const known = await run.hold(() => readKnownInits(context.sql, run.task.videoId))
  // The playlists name the init of the very first segment; all others only have to be equal to it.
  const keepInits = run.task.position === 0 && resume.firstIdx === 0
  return (segment: Segment) => {
    const inits = segment.idx === resume.firstIdx ? segmenter.inits() : null
    if (inits) checkInits(inits, known)
    return storeSegment(context, run, segment, { contentType: 'video/mp4', inits, keepInits })
  }
}

async function chunkArgs(
  context: WorkerContext,
  run: TaskRun,
  job: ChunkJob,
  resume: Resume,
): Promise<string[]> {
  const { task, log } = run
  const threads = run.threads(leastThreads(task.position, job.video.chunks.length))
  log.info(
    { first_idx: resume.firstIdx, first_frame: resume.firstFrame, threads, preroll: job.preroll },
    'encoding',
  )
  return videoArgs({
    plan: job.video,
    firstFrame: resume.firstFrame,
    frames: resume.exactFrames,
    preroll_s: job.preroll,
    threads,
    progressFd: progressFd(videoOutputs(job.video)),
    input: httpInput({
      url: await context.storage.presignRead(task.sourceKey ?? ''),
      etag: task.sourceEtag ?? '',
    }),
  })
}

/**
 * The first chunk is what somebody waits for, and the last one outlives the others: with a second
 * thread it takes over their core when they end.
 */
function leastThreads(position: number, chunks: number): number {
  return position === 0 || position === chunks - 1 ? 2 : 1
}

/** Fewer frames than planned with a clean exit: the container promised more than it holds, which is no fault. */
function judgeFrames(
  run: TaskRun,
  resume: Resume,
  { frames, stderrTail }: { frames: number; stderrTail: string },
): void {
  if (resume.firstFrame === 0 && frames === 0) {
    const message = 'not a single picture of this file could be decoded'
    throw withStderr(new PermanentError('no_video', message), stderrTail)
  }
  if (resume.exactFrames !== null && frames < resume.exactFrames) {
    run.log.info({ frames, planned: resume.exactFrames }, 'the source ended before its promise')
  }
}
