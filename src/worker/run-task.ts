import { isDatabaseOutage } from '../db.ts'
import { FencedError, messageOf, PermanentError, ReplanError, StepladderError } from '../errors.ts'
import { type ClaimedTask, lookAgain } from '../jobs/claim.ts'
import { failTask } from '../jobs/fail.ts'
import { releaseTask, retryDelayMs } from '../jobs/release.ts'
import { maxGenerations, replanVideo } from '../jobs/replan.ts'
import { runAudioTask } from './audio-task.ts'
import { DrainedError, type TaskRun, type WorkerContext } from './context.ts'
import { runFinishTask } from './finish-task.ts'
import { beatUntil } from './heartbeat.ts'
import { holdThroughOutage } from './hold.ts'
import { runMp4Task } from './mp4-task.ts'
import { runPlanTask } from './plan-task.ts'
import { createScratch } from './scratch.ts'
import { runVideoTask } from './video-task.ts'

export type Started = { entryId: string; ended: Promise<void>; abort: () => void }

/** After the store or the database was away for long, a task waits this long before it is read again. */
const outageDelayMs = 60_000

/** Starts a claimed task in its slot: heartbeat, work, and the end that its outcome asks for. */
export function startTask(
  context: WorkerContext,
  options: {
    task: ClaimedTask
    entryId: string
    drain: AbortSignal
    running: () => number
    topUp: () => void
  },
): Started {
  const { task, entryId } = options
  const stop = new AbortController()
  const log = context.log.child({
    video_id: task.videoId,
    task_id: task.taskId,
    kind: task.kind,
    position: task.position,
    fence: task.fence,
    attempt: task.attempt,
  })
  const scratch = createScratch(context.config.SCRATCH_DIR, task)
  const run: TaskRun = {
    task,
    entryId,
    log,
    signal: stop.signal,
    drain: options.drain,
    threads: () => Math.max(1, Math.floor(context.config.WORKER_SLOTS / Math.max(1, options.running()))),
    scratch: scratch.path,
  }
  return { entryId, ended: live(), abort: () => stop.abort(new FencedError()) }

  async function live(): Promise<void> {
    const beating = new AbortController()
    const beats = beatUntil(context, { task, entryId, abort: (reason) => stop.abort(reason) }, beating.signal)
    try {
      log.info('task started')
      await perform(context, run)
      log.info('task done')
    } catch (error) {
      await settleFailure(context, run, stop.signal.aborted ? stop.signal.reason : error)
    } finally {
      beating.abort()
      await beats
      await scratch.remove()
      await settleEntry(context, run)
      options.topUp()
    }
  }
}

function perform(context: WorkerContext, run: TaskRun): Promise<void> {
  switch (run.task.kind) {
    case 'plan':
      return runPlanTask(context, run)
    case 'video':
      return runVideoTask(context, run)
    case 'audio':
      return runAudioTask(context, run)
    case 'mp4':
      return runMp4Task(context, run)
    case 'finish':
      return runFinishTask(context, run)
    case 'fetch':
    case 'subtitle':
      throw new StepladderError('unknown_task_kind', `a worker does not run ${run.task.kind} tasks`)
  }
}

/** The one place that decides what an error means for its task. */
async function settleFailure(context: WorkerContext, run: TaskRun, error: unknown): Promise<void> {
  const { log, task } = run
  if (error instanceof FencedError) {
    log.warn('fenced: the task belongs to another run or was stopped')
    return
  }
  const failure = describe(error)
  // The run's own signal may be aborted by now; the end is written all the same.
  const hold = { signal: new AbortController().signal, log }
  try {
    await holdThroughOutage(() => writeEnd(context, run, error, failure), hold)
    log[error instanceof DrainedError ? 'info' : 'warn'](
      { code: failure.code, err: failure.message },
      'task ended early',
    )
  } catch (ending) {
    // Fenced meanwhile, or the database is away for good: the reaper takes the task back.
    log.warn({ err: messageOf(ending), task_id: task.taskId }, 'the end of a task could not be written')
  }
}

async function writeEnd(
  context: WorkerContext,
  run: TaskRun,
  error: unknown,
  failure: Failure,
): Promise<void> {
  const { sql, config, progress } = context
  const { task } = run
  if (error instanceof DrainedError) return releaseTask(sql, task, { reason: 'drain', delayMs: 0 })
  if (error instanceof ReplanError && task.generation < maxGenerations) return replanVideo(sql, task, failure)
  const outage = isDatabaseOutage(error) || outageCodes.has(failure.code)
  if (outage) return releaseTask(sql, task, { reason: 'outage', delayMs: outageDelayMs, error: failure })
  const spent = task.attempt + 1 >= config.MAX_ATTEMPTS
  if (error instanceof PermanentError || error instanceof ReplanError || spent) {
    await failTask(sql, task, failure)
    await progress.ended(task.videoId, {
      status: 'failed',
      error: { code: failure.code, message: failure.message },
    })
    return
  }
  const delayMs = retryDelayMs(config.RETRY_BASE_MS, task.attempt)
  return releaseTask(sql, task, { reason: 'retry', delayMs, error: failure })
}

const outageCodes = new Set(['storage_unavailable', 'database_unavailable'])

type Failure = { code: string; message: string; stderr?: string }

function describe(error: unknown): Failure {
  const code =
    error instanceof StepladderError
      ? error.code
      : error instanceof DrainedError
        ? 'drained'
        : 'internal_error'
  const stderr = error instanceof Error && 'stderrTail' in error ? String(error.stderrTail) : ''
  return { code, message: messageOf(error), ...(stderr ? { stderr } : {}) }
}

/** The entry goes once the database says that its task does not run under it any more. */
async function settleEntry(context: WorkerContext, run: TaskRun): Promise<void> {
  try {
    const seen = await lookAgain(context.sql, {
      workerId: context.workerId,
      taskId: run.task.taskId,
      entryId: run.entryId,
    })
    if (seen.verdict === 'drop') await context.stream.settle([run.entryId])
  } catch (error) {
    run.log.debug({ err: messageOf(error) }, 'the entry stays for the sweep')
  }
}
