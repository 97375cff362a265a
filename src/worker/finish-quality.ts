import { readResults } from '../jobs/read-segments.ts'
import { qualityResultSchema, type RungQuality, sumFigures } from '../media/checks/quality-figures.ts'
import type { Plan } from '../media/model.ts'
import type { TaskRun, WorkerContext } from './context.ts'

/** What the quality tasks found, summed up by rung; chunks that were left out do not count. */
export async function readQuality(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
): Promise<Map<string, RungQuality>> {
  const results = await run.hold(() => readResults(context.sql, run.task.videoId, 'quality'))
  const chunks = results.flatMap((stored) => {
    const result = qualityResultSchema.parse(stored)
    return 'rungs' in result ? [result.rungs] : []
  })
  return new Map(
    (plan.video?.rungs ?? []).flatMap(({ name }) => {
      const sum = sumFigures(chunks.flatMap((rungs) => rungs[name] ?? []))
      return sum ? [[name, sum] as const] : []
    }),
  )
}
