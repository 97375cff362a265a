import { PermanentError, ReplanError, StepladderError, withStderr } from '../errors.ts'
import { findResumePoint } from '../jobs/claim.ts'
import { commitSegment } from '../jobs/commit-segment.ts'
import { completeTask } from '../jobs/complete-task.ts'
import { readCommittedHashes } from '../jobs/read-segments.ts'
import { audioArgs } from '../media/argv/audio-args.ts'
import { httpInput } from '../media/argv/input-args.ts'
import type { FfmpegResult } from '../media/ffmpeg/ffmpeg.ts'
import { mostlyUndecodable, requireWholeRun } from '../media/ffmpeg/ffmpeg-failure.ts'
import { type AudioPlan, planSchema } from '../media/model.ts'
import { progressFd } from '../media/pipes.ts'
import { createAudioSegmenter } from '../media/segments/audio-segmenter.ts'
import type { Segment } from '../media/segments/segment.ts'
import { DrainedError, describeFailure } from '../runs/settle-failure.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { encodeRun } from './encode-run.ts'
import { storeSegment } from './store-segment.ts'
import { createTaskProgress } from './task-progress.ts'

/**
 * Packets of a sound that may be undecodable in a file that is whole: AVI has empty ones, and recordings
 * begin in the middle of one. It is heard as a click at most.
 */
const lostPackets = 2

/**
 * Encodes one audio track over the whole file. Always from the beginning, for its encoder cannot be
 * restarted mid-track; the output repeats byte for byte, so segments committed by an earlier run are
 * recognised by their hash and not uploaded again. A track of which nothing can be decoded is left out
 * with a warning, unless it is all the file has; one that is cut or damaged fails the video as its picture
 * would, or is kept as it decodes where the job allows that.
 */
export async function runAudioTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const plan = planSchema.parse(run.task.plan)
  const track = plan.audio[run.task.position]
  if (!track) throw new StepladderError('bad_plan', `the plan has no audio track ${run.task.position}`)
  try {
    await encodeTrack(context, run, track, plan.video === null)
  } catch (error) {
    const optional = plan.video !== null || plan.audio.length > 1
    if (!optional || !(error instanceof PermanentError) || error.code !== 'undecodable_audio') throw error
    run.log.warn({ code: error.code }, 'audio track skipped')
    const skipped = { track: `audio-${track.position}`, ...describeFailure(error) }
    await run.hold(() =>
      completeTask(context.sql, run.task, { lastSegment: null, result: { skipped }, skipped }),
    )
  }
}

async function encodeTrack(
  context: WorkerContext,
  run: TaskRun,
  track: AudioPlan,
  alone: boolean,
): Promise<void> {
  const { task } = run
  const name = `audio-${track.position}`
  // Also the guard: a fenced run starts nothing.
  await run.hold(() => findResumePoint(context.sql, task))
  const committed = await run.hold(() => readCommittedHashes(context.sql, task.taskId, name))
  const segmenter = createAudioSegmenter({ name })
  // Where there is a film, its frames measure the progress.
  const progress = alone ? createTaskProgress(context, run, { stage: 'encoding' }) : null

  const store = (segment: Segment) => {
    const inits = segment.idx === 0 ? segmenter.inits() : null
    return storeSegment(context, run, segment, { contentType: 'audio/mp4', inits, keepInits: true })
  }
  const commit = async (segment: Segment): Promise<void> => {
    if (run.drain.aborted) throw new DrainedError('the worker is stopping')
    if (!isCommitted(segment, name, committed)) {
      const row = await store(segment)
      await run.hold(() => commitSegment(context.sql, task, row, context.config.LEASE_MS))
    }
    progress?.tick(segment.firstFrame + segment.frames)
  }
  const url = await context.storage.presignRead(task.sourceKey ?? '')
  const result = await encodeRun(context, run, {
    ...audioArgs({
      plan: track,
      progressFd: progressFd(1),
      input: httpInput({ url, etag: task.sourceEtag ?? '' }),
    }),
    names: [name],
    segmenter,
    store: commit,
    onProgress: () => {},
  })
  if (mostlyUndecodable(result)) throw undecodable(result)
  const damage = requireWholeRun(result, {
    allowPartial: task.options.allow_partial,
    lost: lostPackets,
  })
  const rest = segmenter.finish()
  if (rest.frames === 0) throw undecodable(result)
  for (const segment of rest.ready) await commit(segment)
  const last = rest.last && (await store(rest.last))
  const outcome = { frames: rest.frames, ...(damage && { damage }) }
  await run.hold(() => completeTask(context.sql, task, { lastSegment: last, result: outcome }))
  await progress?.done(rest.frames)
}

const undecodable = ({ stderrTail }: FfmpegResult) =>
  withStderr(
    new PermanentError('undecodable_audio', 'nothing of this audio track could be decoded'),
    stderrTail,
  )

/** Throws ReplanError when an earlier run, of another build of ffmpeg, made other bytes of the same sound. */
function isCommitted(segment: Segment, name: string, committed: ReadonlyMap<number, string>): boolean {
  const hash = committed.get(segment.idx)
  if (hash === undefined) return false
  if (hash === segment.tracks.get(name)?.sha256) return true
  throw new ReplanError('audio_mismatch', 'the pieces of an audio track were encoded in different ways')
}
