import { DrainedError } from '../runs/settle-failure.ts'
import type { TaskRun } from './context.ts'

/**
 * Work that leaves nothing to go on from: a stopping worker gives it up at once and another one begins
 * it anew. Throws DrainedError then, and what `work` throws else.
 */
export async function untilDrained<T>(run: TaskRun, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await work(AbortSignal.any([run.signal, run.drain]))
  } catch (error) {
    if (run.drain.aborted && !run.signal.aborted) throw new DrainedError('the worker is stopping')
    throw error
  }
}
