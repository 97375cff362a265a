import { errorClassOf } from '../error-codes.ts'
import { FencedError, PermanentError, StepladderError } from '../errors.ts'
import type { SegmentRow } from '../jobs/commit-segment.ts'
import { completeTask } from '../jobs/complete-task.ts'
import { contentKey } from '../jobs/object-keys.ts'
import { httpInput } from '../media/argv/input-args.ts'
import { CUE_OFFSET_S, subtitleArgs } from '../media/argv/subtitle-args.ts'
import { runFfmpeg } from '../media/ffmpeg/ffmpeg.ts'
import { requireWholeRun } from '../media/ffmpeg/ffmpeg-failure.ts'
import { MAX_WEBVTT_BYTES, moveCues, readCues, renderWebVtt, tooLarge } from '../media/manifests/webvtt.ts'
import { planSchema, type SubtitlePlan } from '../media/model.ts'
import { progressFd } from '../media/pipes.ts'
import { sha256Of } from '../media/sha256.ts'
import { describeFailure } from '../runs/settle-failure.ts'
import { blameStore } from './blame-store.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { untilDrained } from './until-drained.ts'

/** A track may say nothing for half a film, and ffmpeg tells of nothing else while it reads. */
const patience = 10

/**
 * Makes one track of text a WebVTT file, committed as the only segment of its task. A track that cannot be
 * made is left out with a warning, also when it is only tried too often: subtitles never fail a video.
 */
export async function runSubtitleTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  const track = planSchema.parse(task.plan).subtitles[task.position]
  if (!track) throw new StepladderError('bad_plan', `the plan has no subtitle track ${task.position}`)
  try {
    const row = await storeCues(context, run, track)
    const result = { cues: row.frames }
    await run.hold(() => completeTask(context.sql, task, { lastSegment: row, result }))
  } catch (error) {
    const failure = await lastFailure(context, run, error)
    if (failure === null) throw error
    run.log.warn({ code: failure.code }, 'subtitle track skipped')
    const skipped = { track: `subtitle-${track.position}`, ...failure }
    await run.hold(() => completeTask(context.sql, task, { lastSegment: null, result: { skipped }, skipped }))
  }
}

/** What the track is left out for; null where the task has to be tried again, or is not ours any more. */
async function lastFailure(context: WorkerContext, run: TaskRun, error: unknown) {
  if (run.signal.aborted || !(error instanceof StepladderError) || error instanceof FencedError) return null
  const blamed = await blameStore(context.storage, error)
  const kind = errorClassOf(blamed instanceof StepladderError ? blamed.code : error.code)
  const spent = run.task.attempt + 1 >= context.config.MAX_ATTEMPTS
  const isLast = kind === 'permanent' || (spent && (kind === 'transient' || kind === 'fault'))
  if (!isLast || error.code === 'source_changed') return null
  return describeFailure(error)
}

async function storeCues(context: WorkerContext, run: TaskRun, track: SubtitlePlan): Promise<SegmentRow> {
  const [numerator, denominator] = track.origin
  const originMs = Math.round((1000 * numerator) / denominator)
  const text = await untilDrained(run, (signal) => convert(context, run, track, signal))
  const cues = moveCues(readCues(text), -originMs - 1000 * CUE_OFFSET_S)
  if (cues.length === 0) throw new PermanentError('no_cues', 'this subtitle track has no text')
  const name = `subtitle-${track.position}`
  const bytes = Buffer.from(renderWebVtt(cues))
  const sha256 = sha256Of(bytes)
  const key = contentKey(run.task, name, sha256, 'vtt')
  await context.storage.put(key, bytes, { contentType: 'text/vtt; charset=utf-8', signal: run.signal })
  // To the end of the last cue, in milliseconds.
  const duration = Math.max(...cues.map(({ endMs }) => endMs))
  const stored = { key, bytes: bytes.length, sha256, duration, fragments: [] }
  return { idx: 0, frames: cues.length, objects: { tracks: { [name]: stored }, inits: {} } }
}

/** ffmpeg's WebVTT of the whole track, in memory. */
async function convert(
  context: WorkerContext,
  run: TaskRun,
  track: SubtitlePlan,
  signal: AbortSignal,
): Promise<string> {
  const { task } = run
  const url = await context.storage.presignRead(task.sourceKey ?? '')
  const pieces: Buffer[] = []
  let bytes = 0
  const ffmpeg = runFfmpeg({
    path: context.config.FFMPEG_PATH,
    args: subtitleArgs({
      plan: track,
      progressFd: progressFd(1),
      input: httpInput({ url, etag: task.sourceEtag ?? '' }),
    }),
    outputs: 1,
    cwd: await run.scratch(),
    onStart: run.mark,
    signal,
    stallMs: patience * context.config.STALL_MS,
    onData: (_, piece) => {
      bytes += piece.length
      if (bytes > MAX_WEBVTT_BYTES) throw tooLarge()
      pieces.push(piece)
    },
  })
  requireWholeRun(await ffmpeg.done, { allowPartial: run.task.options.allow_partial })
  return Buffer.concat(pieces).toString('utf8')
}
