import { z } from 'zod'
import type { Row } from '../../test/chaos/rows/all.ts'
import type { RowResult } from '../../test/chaos/support/world.ts'

const findingSchema = z.object({ video: z.string().nullable(), fact: z.string(), detail: z.string() })

/** What is kept of a row: its result, or what it threw. */
export const outcomeSchema = z.object({
  fault: z.string(),
  runs: z.number(),
  jobs: z.number(),
  findings: z.array(findingSchema),
  measured: z.string(),
  error: z.string().nullable(),
  seconds: z.number(),
})
export type Outcome = z.infer<typeof outcomeSchema>

export function outcomeOf(result: RowResult, seconds: number): Outcome {
  return { ...result, error: null, seconds }
}

export function failure(row: Row, error: string, seconds: number): Outcome {
  return { fault: row.name, runs: 0, jobs: 0, findings: [], measured: '', error, seconds }
}

export function holds({ error, findings }: Outcome): boolean {
  return error === null && findings.length === 0
}
