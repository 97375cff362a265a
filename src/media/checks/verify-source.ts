import type { Damage } from '../ffmpeg/ffmpeg-failure.ts'
import type { Plan } from '../model.ts'
import { type Finding, failed, passed, readTaskResult } from './findings.ts'

type Made = {
  plan: Plan
  /** Results of the done video and audio tasks. */
  results: readonly unknown[]
  /** Of each rung. */
  frames: number
}

/**
 * Whether the source held what it promised. A source with damage gets here only where the job allowed it;
 * a length in the header that merely lies is no fault.
 */
export function checkSource({ plan, results, frames }: Made): Finding {
  const promised = plan.video?.expected_frames ?? null
  const amount =
    plan.video === null ? '' : promised === null ? `${frames} frames` : `${frames} of ${promised} frames`
  const [worst, ...others] = damagesIn(results)
  if (!worst) return passed('source', amount || 'read to its end')
  const words = [worst, ...others].map(({ code, message }) => `${code}: ${message}`)
  return failed('source', null, [amount, ...new Set(words)].filter(Boolean).join('; '))
}

/** What was wrong with the source, what is worse first. */
export function damagesIn(results: readonly unknown[]): Damage[] {
  const found = results.flatMap((result) => readTaskResult(result).damage ?? [])
  return found.toSorted((a, b) => Number(b.code === 'truncated_input') - Number(a.code === 'truncated_input'))
}
