import { isDatabaseOutage } from '../db.ts'
import { errorClassOf } from '../error-codes.ts'
import { FencedError } from '../errors.ts'
import type { Plan } from '../media/model.ts'
import { fitLadder, type Sample, samplePlaces } from '../media/plan/per-title.ts'
import { sampleContent } from '../media/probe/sample-content.ts'
import { DrainedError, describeFailure } from '../runs/settle-failure.ts'
import { blameStore } from './blame-store.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { untilDrained } from './until-drained.ts'

/** Of one sample of 2 s. */
const sampleTimeoutMs = 60_000

/**
 * The plan with its ladder fitted to the content. Where that cannot be sampled the ladder stays as it is, with
 * a warning: throws only when what every task needs is away, or the run is to end.
 */
export async function fitToTitle(context: WorkerContext, run: TaskRun, plan: Plan): Promise<Plan> {
  if (!plan.video || plan.video.rungs.length < 2) return plan
  try {
    const samples = await untilDrained(run, (signal) => sample(context, run, plan, signal))
    if (samples.length > 0) return fitLadder(plan, samples)
    return unfitted(plan, 'it cannot be entered midway, or nobody knows how long it is')
  } catch (error) {
    const reason = await blameStore(context.storage, error)
    if (run.signal.aborted || !isOurs(reason)) throw reason
    const { code, message } = describeFailure(reason)
    run.log.warn({ code, err: message }, 'content not sampled')
    return unfitted(plan, message)
  }
}

/** Whether a failure is the sampling's alone: the encoding will tell if there is more to it. */
function isOurs(error: unknown): boolean {
  if (error instanceof FencedError || error instanceof DrainedError || isDatabaseOutage(error)) return false
  return errorClassOf(describeFailure(error).code) !== 'outage'
}

const unfitted = (plan: Plan, why: string): Plan => ({
  ...plan,
  warnings: [
    ...plan.warnings,
    { code: 'per_title_not_sampled', message: `the ladder is not fitted to the content: ${why}` },
  ],
})

async function sample(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
  signal: AbortSignal,
): Promise<Sample[]> {
  const { task } = run
  const { firstFrames, frames } = samplePlaces(plan)
  if (!plan.video) return []
  run.log.info({ samples: firstFrames.length }, 'sampling')
  return sampleContent({
    ffmpegPath: context.config.FFMPEG_PATH,
    plan: plan.video,
    firstFrames,
    frames,
    url: () => context.storage.presignRead(task.sourceKey ?? ''),
    etag: task.sourceEtag ?? '',
    threads: () => run.threads(1),
    cwd: await run.scratch(),
    onStart: run.mark,
    signal,
    stallMs: context.config.STALL_MS,
    timeoutMs: sampleTimeoutMs,
  })
}
