import type { Config } from '../config.ts'
import { type Database, isDatabaseOutage } from '../db.ts'
import { errorClassOf } from '../error-codes.ts'
import { FencedError, messageOf, StepladderError, stderrOf } from '../errors.ts'
import type { Reach } from '../failpoints.ts'
import { failTask } from '../jobs/fail.ts'
import { releaseTask, retryDelayMs } from '../jobs/release.ts'
import { maxGenerations, replanVideo } from '../jobs/replan.ts'
import type { Owned } from '../jobs/state.ts'
import type { Log } from '../log.ts'
import type { Progress } from '../progress/report.ts'
import { holdThroughOutage } from './hold.ts'

/** After the store or the database was away for long, a task waits this long before it is read again. */
const outageDelayMs = 60_000

/** Thrown by a task that stopped because of a drain: everything committed is kept, no attempt is spent. */
export class DrainedError extends Error {
  override name = 'DrainedError'
}

type Context = {
  sql: Database
  config: Pick<Config, 'MAX_ATTEMPTS' | 'RETRY_BASE_MS'>
  progress: Progress
  log: Log
  reach: Reach
  report: (error: unknown) => void
}
type EndedTask = Owned & { attempt: number; generation: number }
type Failure = { code: string; message: string; stderr?: string }

/** The one place that decides what an error means for its task, and writes it. Never throws. */
export async function settleFailure(context: Context, task: EndedTask, error: unknown): Promise<void> {
  const { log, report } = context
  if (error instanceof FencedError) {
    log.warn('fenced: the task belongs to another run or was stopped')
    return
  }
  report(error)
  const failure = describeFailure(error)
  // The run's own signal may be aborted by now; the end is written all the same.
  const hold = { signal: new AbortController().signal, log, report }
  try {
    await holdThroughOutage(() => writeEnd(context, task, error, failure), hold)
    const level = error instanceof DrainedError ? 'info' : 'warn'
    log[level]({ code: failure.code, err: failure.message }, 'task ended early')
  } catch (ending) {
    // Fenced meanwhile, or the database is away for good: the reaper takes the task back.
    log.warn({ err: messageOf(ending) }, 'the end of a task could not be written')
  }
}

async function writeEnd(context: Context, task: EndedTask, error: unknown, failure: Failure): Promise<void> {
  const { sql, config, progress } = context
  if (error instanceof DrainedError) return releaseTask(sql, task, { reason: 'drain', delayMs: 0 })
  const kind = errorClassOf(failure.code)
  if (kind === 'replan' && task.generation < maxGenerations) return replanVideo(sql, task, failure)
  if (kind === 'outage') {
    return releaseTask(sql, task, { reason: 'outage', delayMs: outageDelayMs, error: failure })
  }
  const spent = task.attempt + 1 >= config.MAX_ATTEMPTS
  if (kind === 'permanent' || kind === 'replan' || spent) {
    await failTask(sql, task, failure, { discard: kind === 'permanent' })
    await progress.ended(task.videoId, {
      status: 'failed',
      error: { code: failure.code, message: failure.message },
    })
    return
  }
  const delayMs = retryDelayMs(config.RETRY_BASE_MS, task.attempt)
  await releaseTask(sql, task, { reason: 'retry', delayMs, error: failure })
  context.reach('retried')
}

/** What a run's end is stored with, and shown as. */
export function describeFailure(error: unknown): Failure {
  const stderr = stderrOf(error)
  return { code: codeOf(error), message: messageOf(error), ...(stderr ? { stderr } : {}) }
}

function codeOf(error: unknown): string {
  if (error instanceof StepladderError) return error.code
  if (error instanceof DrainedError) return 'drained'
  return isDatabaseOutage(error) ? 'database_unavailable' : 'internal_error'
}
