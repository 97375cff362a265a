import { StepladderError } from '../errors.ts'
import { runAudioTask } from './audio-task.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { runFinishTask } from './finish-task.ts'
import { runMp4Task } from './mp4-task.ts'
import { runPlanTask } from './plan-task.ts'
import { runQualityTask } from './quality-task.ts'
import { runSubtitleTask } from './subtitle-task.ts'
import { runVideoTask } from './video-task.ts'

/** The work of a claimed task, up to and with the commit that ends it. */
export type Perform = (context: WorkerContext, run: TaskRun) => Promise<void>

/** What each kind of task is. */
export const performTask: Perform = (context, run) => {
  switch (run.task.kind) {
    case 'plan':
      return runPlanTask(context, run)
    case 'video':
      return runVideoTask(context, run)
    case 'audio':
      return runAudioTask(context, run)
    case 'subtitle':
      return runSubtitleTask(context, run)
    case 'mp4':
      return runMp4Task(context, run)
    case 'quality':
      return runQualityTask(context, run)
    case 'finish':
      return runFinishTask(context, run)
    case 'fetch':
      throw new StepladderError('unknown_task_kind', `a worker does not run ${run.task.kind} tasks`)
  }
}
