import { FencedError, messageOf, StepladderError } from '../errors.ts'
import { type ClaimedTask, isHeld } from '../jobs/claim.ts'
import { beatUntil } from '../runs/heartbeat.ts'
import { holdThroughOutage } from '../runs/hold.ts'
import { DrainedError, settleFailure } from '../runs/settle-failure.ts'
import { blameStore } from './blame-store.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import type { Perform } from './perform.ts'
import { createScratch } from './scratch.ts'

export type Started = { entryId: string; ended: Promise<void>; abort: () => void }

/** Starts a claimed task in its slot: heartbeat, work, and the end that its outcome asks for. */
export function startTask(
  context: WorkerContext,
  options: {
    task: ClaimedTask
    entryId: string
    drain: AbortSignal
    running: () => number
    ready: Promise<unknown>
    perform: Perform
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
    hold: (statement) => holdThroughOutage(statement, { signal: stop.signal, log, report: context.report }),
    threads: (least) => threadsFor(context.config.WORKER_SLOTS, options.running(), least),
    scratch: scratch.path,
    mark: scratch.mark,
  }
  return { entryId, ended: live(), abort: () => stop.abort(new FencedError()) }

  async function live(): Promise<void> {
    const beating = new AbortController()
    const beats = beatUntil(
      context,
      {
        task,
        abort: (reason) => stop.abort(reason),
        refresh: () => context.stream.refresh(context.consumer, entryId),
      },
      beating.signal,
    )
    let done = false
    try {
      await options.ready
      stop.signal.throwIfAborted()
      log.info('task started')
      await options.perform(context, run)
      done = true
      log.info('task done')
    } catch (error) {
      const reason = stop.signal.aborted ? stop.signal.reason : await blameStore(context.storage, error)
      await settleFailure({ ...context, log }, task, endedWithUs(run, reason) ? stopping() : reason)
    } finally {
      beating.abort()
      await beats
      await scratch.remove()
      await settleEntry(context, run, { done })
      options.topUp()
    }
  }
}

/** Whoever stops the machine, or our whole unit, signals ffmpeg too: no fault of the task, and no attempt. */
function endedWithUs(run: TaskRun, reason: unknown): boolean {
  return run.drain.aborted && reason instanceof StepladderError && reason.code === 'ffmpeg_killed'
}

const stopping = () => new DrainedError('the worker is stopping, and its ffmpeg with it')

/** Slots stand for cores: what the running ones leave idle, and never more than there are. */
function threadsFor(slots: number, running: number, least: number): number {
  return Math.min(slots, Math.max(least, Math.floor(slots / Math.max(1, running))))
}

/**
 * The entry goes once the database says that its task does not run under it any more: by the commit of its
 * end (`done`), else by a look.
 */
async function settleEntry(context: WorkerContext, run: TaskRun, { done }: { done: boolean }): Promise<void> {
  try {
    if (!done && (await isHeld(context.sql, { taskId: run.task.taskId, entryId: run.entryId }))) return
    context.reach('committed')
    await context.stream.settle([run.entryId])
  } catch (error) {
    run.log.debug({ err: messageOf(error) }, 'the entry stays for the sweep')
  }
}
