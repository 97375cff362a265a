import type { TaskReport } from '../progress/report.ts'
import { readProgressSeed } from '../progress/seed.ts'
import type { TaskRun, WorkerContext } from './context.ts'

const intervalMs = 500

/** Reports one run's progress at most twice a second, and seeds the totals when Redis has lost them. */
export function createTaskProgress(
  context: WorkerContext,
  run: TaskRun,
  fixed: Pick<TaskReport, 'chunk' | 'pack' | 'stage'>,
) {
  const { task } = run
  let sentAt = 0
  let sending: Promise<void> = Promise.resolve()

  async function send(report: Pick<TaskReport, 'units' | 'state' | 'added'>): Promise<void> {
    const message = { task: task.taskId, fence: task.fence, ...fixed, ...report }
    if ((await context.progress.task(task.videoId, message)) !== 'cold') return
    const seed = await readProgressSeed(context.sql, task.videoId).catch(() => null)
    if (!seed) return
    await context.progress.seed(task.videoId, seed)
    // The seed counted what is committed, this message's segment among it.
    await context.progress.task(task.videoId, { ...message, added: {} })
  }

  /** In order, and never failing: progress is disposable. */
  function enqueue(report: Pick<TaskReport, 'units' | 'state' | 'added'>): Promise<void> {
    sending = sending.then(() => send(report)).catch(() => {})
    return sending
  }

  return {
    /** Frames done so far; dropped when the last report is younger than half a second. */
    tick: (units: number) => {
      if (Date.now() - sentAt < intervalMs) return
      sentAt = Date.now()
      void enqueue({ units, state: 'running' })
    },
    started: (units: number) => void enqueue({ units, state: 'running' }),
    committed: (units: number, added: Record<string, number>) =>
      void enqueue({ units, state: 'running', added }),
    done: (units: number, added: Record<string, number> = {}) => enqueue({ units, state: 'done', added }),
    idle: (units: number) => enqueue({ units, state: 'idle' }),
  }
}
