/** What the checks of a finished video found: stored in `videos.findings`, shown by the API. */
import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import type { Damage } from '../ffmpeg/ffmpeg-failure.ts'

/**
 * One check. `detail` has the figures. A check that failed fails the video with `code`, which says what is
 * done about it (`src/error-codes.ts`); null where it is told of and does no harm.
 */
export type Finding = { check: string; passed: boolean; detail: string; code: string | null }

export const passed = (check: string, detail: string): Finding => ({
  check,
  passed: true,
  detail,
  code: null,
})

export const failed = (check: string, code: string | null, detail: string): Finding => ({
  check,
  passed: false,
  detail,
  code,
})

/** Throws the error of the first check that fails the video. */
export function requirePassed(findings: readonly Finding[]): void {
  const fault = findings.find(({ passed: good, code }) => !good && code !== null)
  if (!fault?.code) return
  throw new StepladderError(fault.code, `the check of the ${fault.check} failed: ${fault.detail}`)
}

/** What a done task says of its run; of other kinds of tasks nothing of it is there. */
const taskResultSchema = z
  .object({
    frames: z.int().nonnegative().optional(),
    damage: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .catch({})
export type TaskResult = { frames?: number | undefined; damage?: Damage | undefined }

export const readTaskResult = (result: unknown): TaskResult => taskResultSchema.parse(result)
